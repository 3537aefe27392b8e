/** Which stretches of the audio hold speech: WebRTC's detector, compiled to WebAssembly (rule S4). */
import createFvad from '@echogarden/fvad-wasm';
import type { Interval } from './intervals.ts';
import { SAMPLE_RATE } from './stream-decoder.ts';

/** The longest frame that libfvad takes, and the one on which it errs least: 30 ms. */
const FRAME = 480;
/** A word that is missed is lost, while noise that is let through costs a little time: err on that side. */
const MODE = 1;
/** The detector's state can ring on for a second; below -66 dBFS nobody speaks. Mean square of 16-bit samples. */
const LEAST_POWER = 16 ** 2;
/** Shorter pauses lie within words and phrases. */
const SHORTEST_PAUSE = 0.2;

const fvad = await createFvad();
const frameAddress = fvad._malloc(FRAME * 2);

function powerOf(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum / samples.length;
}

export interface VoiceActivityDetector {
  /** The next samples. However they are cut, the same frames are judged. */
  listen(audio: Int16Array): void;
  /** A stretch without audio. */
  skip(seconds: number): void;
  /** Ordered and apart by 0.2 s or more; the last one may still grow. */
  readonly islands: readonly Interval[];
  /** Everything before this moment has been judged; less than a frame is missing to what was heard. */
  readonly position: number;
  /** Forgets the islands that end before this moment. */
  forget(before: number): void;
  close(): void;
}

export function createVoiceActivityDetector(startAt = 0): VoiceActivityDetector {
  const detector = fvad._fvad_new();
  fvad._fvad_set_mode(detector, MODE);
  fvad._fvad_set_sample_rate(detector, SAMPLE_RATE);
  const frame = new Int16Array(FRAME);
  let filled = 0;
  let judged = Math.round(startAt * SAMPLE_RATE);
  let islands: Interval[] = [];
  let closed = false;

  function judge(): void {
    fvad.HEAP16.set(frame, frameAddress / 2);
    const voiced = fvad._fvad_process(detector, frameAddress, FRAME) === 1;
    const speech = voiced && powerOf(frame) >= LEAST_POWER;
    const start = judged / SAMPLE_RATE;
    judged += FRAME;
    if (!speech) return;
    const last = islands.at(-1);
    const end = judged / SAMPLE_RATE;
    if (last !== undefined && start - last.end < SHORTEST_PAUSE) last.end = end;
    else islands.push({ start, end });
  }

  return {
    listen(audio) {
      for (let at = 0; at < audio.length; ) {
        const taken = audio.subarray(at, at + FRAME - filled);
        frame.set(taken, filled);
        filled += taken.length;
        at += taken.length;
        if (filled < FRAME) return;
        judge();
        filled = 0;
      }
    },
    skip(seconds) {
      const resumeAt = judged + filled + Math.round(seconds * SAMPLE_RATE);
      if (filled > 0) {
        frame.fill(0, filled);
        judge();
        filled = 0;
      }
      judged = resumeAt;
    },
    get islands() {
      return islands;
    },
    get position() {
      return judged / SAMPLE_RATE;
    },
    forget(before) {
      islands = islands.filter((island) => island.end >= before);
    },
    close() {
      if (!closed) fvad._fvad_free(detector);
      closed = true;
    },
  };
}

/** The islands of a whole recording; `startAt` is where it stands on the timeline. */
export function findSpeech(audio: Int16Array, startAt = 0): Interval[] {
  const detector = createVoiceActivityDetector(startAt);
  try {
    detector.listen(audio);
    detector.skip(0);
    const end = startAt + audio.length / SAMPLE_RATE;
    return detector.islands.map((island) => ({ start: island.start, end: Math.min(island.end, end) }));
  } finally {
    detector.close();
  }
}
