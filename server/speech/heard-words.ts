/** An engine's answer as words on the session's timeline, without what cannot have been said (rule S4). Pure. */
import type { Word } from '../../shared/transcript.ts';
import { type Interval, secondsWithin } from '../audio/intervals.ts';
import { normalise } from './normalise.ts';

/** Engines write words without length, too: seconds. */
const TOUCH = 0.01;

/** `start` and `end` are those of the audio heard; `islands` where speech was found in it. */
export function heardWords(
  words: readonly Word[],
  start: number,
  end: number,
  islands: readonly Interval[],
): Word[] {
  const heard: Word[] = [];
  for (const word of words) {
    if (word.text.trim() === '') continue;
    const from = Math.min(Math.max(start + word.start, start), end);
    const placed = {
      ...word,
      text: word.text.trim(),
      start: from,
      end: Math.min(Math.max(start + word.end, from), end),
    };
    // The detector lets speech ring for a moment, so a word that touches none was not said.
    if (secondsWithin(islands, placed.start - TOUCH, placed.end + TOUCH) === 0) continue;
    const last = heard.at(-1);
    if (last !== undefined && saidTwiceAtOnce(last, placed)) continue;
    heard.push(placed);
  }
  return heard;
}

/** Decoders that stumble write a word again in the time of the first. */
function saidTwiceAtOnce(a: Word, b: Word): boolean {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return normalise(a.text) === normalise(b.text) && shared >= Math.min(a.end - a.start, b.end - b.start) / 2;
}
