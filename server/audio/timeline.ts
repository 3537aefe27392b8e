/**
 * Where each slice lies in the session. Slices follow one another without holes: what was decoded counts by its
 * samples, what was not by the duration its sender stated. Inside are whole samples, so nothing drifts.
 */
import { SAMPLE_RATE } from './stream-decoder.ts';

export interface Timeline {
  /** The end of what has been placed. */
  readonly samples: number;
  /** What stated durations have left over below one sample, so that their sum stays right: -0.5 to 0.5 samples. */
  readonly remainder: number;
  /** Where the recording was paused, in samples. A pause takes no time on the timeline. */
  readonly pauses: readonly number[];
}

/** A slice's place: whole samples, and the same in seconds. */
export interface Place {
  startSample: number;
  endSample: number;
  start: number;
  end: number;
}

export const emptyTimeline: Timeline = { samples: 0, remainder: 0, pauses: [] };

export function toSeconds(samples: number): number {
  return samples / SAMPLE_RATE;
}

export function toSamples(seconds: number): number {
  return Math.round(seconds * SAMPLE_RATE);
}

/** The timeline as events left it. `end`: of the last slice, seconds; `pausedAt`: the `at` of each pause. */
export function restoreTimeline(end: number, pausedAt: readonly number[] = []): Timeline {
  return { samples: toSamples(end), remainder: 0, pauses: pausedAt.map(toSamples) };
}

export function placeDecoded(timeline: Timeline, samples: number): [Timeline, Place] {
  const end = timeline.samples + samples;
  return [{ ...timeline, samples: end }, place(timeline.samples, end)];
}

/** A gap as long as the slice is said to be. */
export function placeDegraded(timeline: Timeline, durationMs: number): [Timeline, Place] {
  const exact = (durationMs * SAMPLE_RATE) / 1000 + timeline.remainder;
  const samples = Math.max(0, Math.round(exact));
  const end = timeline.samples + samples;
  return [{ ...timeline, samples: end, remainder: exact - samples }, place(timeline.samples, end)];
}

/** Marks a pause here; a second one in the same place is the same. */
export function markPause(timeline: Timeline): Timeline {
  if (timeline.pauses.at(-1) === timeline.samples) return timeline;
  return { ...timeline, pauses: [...timeline.pauses, timeline.samples] };
}

function place(startSample: number, endSample: number): Place {
  return { startSample, endSample, start: toSeconds(startSample), end: toSeconds(endSample) };
}
