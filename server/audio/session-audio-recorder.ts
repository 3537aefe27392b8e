/**
 * Cuts the session's audio into closed stretches, each of which becomes one `audio.stored` event. The places come
 * from the timeline, so the audio is exact to the sample: a hole in it is silence. After a restart the slices of
 * the open stretch are decoded again, and what is stored already is passed over.
 */
import type { NewEvent } from '../../shared/events.ts';
import { toBytes } from './pcm.ts';
import { SAMPLE_RATE } from './stream-decoder.ts';
import { toSeconds } from './timeline.ts';

export const STRETCH_SAMPLES = 30 * SAMPLE_RATE;

/** Samples `startSample` to `startSample + samples.length` of the timeline. */
export interface Stretch {
  startSample: number;
  samples: Int16Array;
}

export interface SessionAudioRecorder {
  /** The timeline up to here is in stretches, closed and open. */
  readonly endSample: number;
  /** Everything before is in closed stretches. */
  readonly closedThrough: number;
  /** Adds decoded samples at their place; yields the stretches that they close. */
  add(startSample: number, samples: Int16Array): Iterable<Stretch>;
  /** Silence up to there: a slice that could not be decoded. */
  addGap(endSample: number): Iterable<Stretch>;
  /** Closes the open stretch, however short; nothing when it is empty. */
  close(): Iterable<Stretch>;
}

/**
 * `storedThrough`: the end of the last stored stretch, in samples. The iterables are to be gone through at once and
 * to their end: a gap of an hour would not be in memory as a whole.
 */
export function createSessionAudioRecorder(storedThrough = 0): SessionAudioRecorder {
  let open = new Int16Array(STRETCH_SAMPLES);
  let filled = 0;
  let closedThrough = storedThrough;

  function closeOpen(): Stretch {
    const stretch = { startSample: closedThrough, samples: open.slice(0, filled) };
    closedThrough += filled;
    open = new Int16Array(STRETCH_SAMPLES);
    filled = 0;
    return stretch;
  }

  /** `fill` writes the samples from `from` on into the place it is given. */
  function* extend(endSample: number, fill: (from: number, place: Int16Array) => void): Iterable<Stretch> {
    while (closedThrough + filled < endSample) {
      const from = closedThrough + filled;
      const count = Math.min(STRETCH_SAMPLES - filled, endSample - from);
      fill(from, open.subarray(filled, filled + count));
      filled += count;
      if (filled === STRETCH_SAMPLES) yield closeOpen();
    }
  }

  return {
    get endSample() {
      return closedThrough + filled;
    },
    get closedThrough() {
      return closedThrough;
    },
    *add(startSample, samples) {
      yield* extend(startSample, () => {});
      yield* extend(startSample + samples.length, (from, place) => {
        place.set(samples.subarray(from - startSample, from - startSample + place.length));
      });
    },
    addGap(endSample) {
      return extend(endSample, () => {});
    },
    *close() {
      if (filled > 0) yield closeOpen();
    },
  };
}

/** The event that stores a stretch. */
export function audioStored({ startSample, samples }: Stretch): NewEvent {
  const end = toSeconds(startSample + samples.length);
  return { type: 'audio.stored', data: { start: toSeconds(startSample), end }, blob: toBytes(samples) };
}
