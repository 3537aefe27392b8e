/**
 * Where the second pass cuts a session (rule F2). Pure: a cut depends only on the audio between it and the cut before
 * it, so it is the same however the audio arrived and whatever was restarted meanwhile.
 */

import { type Interval, secondsWithin } from '../audio/intervals.ts';
import { SAMPLE_RATE } from '../audio/stream-decoder.ts';

/** What must have arrived before a cut is chosen: seconds. */
export const LOOKAHEAD = 30;
/** With what is heard on either side of it, a stretch is at most 30 s. */
const LONGEST = 28;
/** Shorter stretches give up context that the engine could use: seconds. */
const SHORTEST = 12;
/** From this length on, a pause is as good a place as any: seconds. */
const LONG_PAUSE = 1;
/** Heard around a stretch, so that a word at its border is heard whole: seconds. */
const MARGIN = 0.9;
/** Without a pause, the cut falls into the quietest 60 ms. */
const DIP = 960;

export interface Stretch extends Interval {
  /** Seconds of it in which speech was found. */
  speech: number;
  /** What the engine hears of it: the speech, with room; none where there is only silence. */
  hear?: Interval;
}

/**
 * The stretch that begins at `start`, or none while there is too little audio to decide.
 * `audio` and `islands` (its speech, on the timeline) begin at `start` and reach 30 s on, or to the end when `ended`.
 */
export function planStretch(
  start: number,
  audio: Int16Array,
  islands: readonly Interval[],
  ended: boolean,
): Stretch | undefined {
  const available = endOf(start, audio);
  if (audio.length === 0 || (!ended && audio.length < LOOKAHEAD * SAMPLE_RATE)) return undefined;
  const end = ended && available <= start + LONGEST ? available : cut(start, audio, islands);
  const first = islands.find((island) => island.start < end);
  if (first === undefined) return { start, end, speech: 0 };
  const last = islands.findLast((island) => island.start < end)!;
  return {
    start,
    end,
    speech: secondsWithin(islands, start, end),
    hear: {
      start: Math.max(0, first.start - MARGIN, start - MARGIN),
      end: Math.min(available, last.end + MARGIN, end + MARGIN),
    },
  };
}

/** In the widest pause, the latest of equally wide ones: its middle, or late in a long silence. */
function cut(start: number, audio: Int16Array, islands: readonly Interval[]): number {
  let best: { at: number; width: number } | undefined;
  const available = endOf(start, audio);
  const bounds = [...islands, { start: available, end: available }];
  for (const [index, next] of bounds.entries()) {
    const from = bounds[index - 1]?.end ?? start;
    const at = Math.min(Math.max((from + next.start) / 2, next.start - LONG_PAUSE), start + LONGEST);
    const width = Math.min(next.start - from, LONG_PAUSE);
    if (width <= 0 || at < start + SHORTEST || at <= from || at >= next.start) continue;
    if (width >= (best?.width ?? 0)) best = { at, width };
  }
  return toSample(best?.at ?? start + quietest(audio) / SAMPLE_RATE);
}

/** Cuts lie on samples, so that what is counted in samples and in seconds agrees to the last digit. */
const toSample = (seconds: number): number => Math.round(seconds * SAMPLE_RATE) / SAMPLE_RATE;
const endOf = (start: number, audio: Int16Array): number => toSample(start + audio.length / SAMPLE_RATE);

/** The middle of the quietest moment between the shortest and the longest stretch, in samples. */
function quietest(audio: Int16Array): number {
  let best = { at: LONGEST * SAMPLE_RATE, energy: Number.POSITIVE_INFINITY };
  const latest = Math.min(LONGEST * SAMPLE_RATE, audio.length) - DIP;
  for (let from = SHORTEST * SAMPLE_RATE; from <= latest; from += DIP / 6) {
    let energy = 0;
    for (let n = from; n < from + DIP; n++) energy += audio[n]! * audio[n]!;
    if (energy <= best.energy) best = { at: from + DIP / 2, energy };
  }
  return best.at;
}
