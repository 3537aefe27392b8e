/** The final word list: the second pass where it has been, the live words elsewhere (rule F3). Pure. */
import type { Word } from '../../shared/transcript.ts';
import { createCover, createLookup, firstAbove, type Interval, middleOf } from '../audio/intervals.ts';
import { normalise } from './normalise.ts';

export interface TranscribedStretch extends Interval {
  words: readonly Word[];
}

/** Two hearings of one word differ by this much at most: seconds. */
const TIMING_ERROR = 0.3;
/** A word whose middle lies in a stretch reaches beyond it by less than this: seconds. */
const OVERHANG = 5;

/** Stretches may come in any order; of two that begin at the same moment the later in the list stands. */
export function finalWords(stretches: readonly TranscribedStretch[], live: readonly Word[]): Word[] {
  const newest = new Map(stretches.map((stretch) => [stretch.start, stretch]));
  const ordered = [...newest.values()].sort((a, b) => a.start - b.start);
  const heard = ordered.flatMap((stretch) => stretch.words);
  // An hour has ten thousand words: the few that may be missing are compared with the stretches beside them alone.
  const stretchesAt = createLookup(ordered);
  const isCovered = createCover(ordered);
  const borders = Float64Array.from(ordered.flatMap(({ start, end }) => [start, end])).sort();
  const hasBorder = (word: Word) => borders[firstAbove(borders, word.start)]! < word.end;

  const fallback = live.filter((word) => {
    if (isCovered(middleOf(word)) && !hasBorder(word)) return false;
    const near = stretchesAt(word.start - OVERHANG, word.end + OVERHANG);
    return !near.some(({ words }) => words.some((other) => isHeardAs(word, other)));
  });
  return [...heard, ...fallback]
    .sort((a, b) => middleOf(a) - middleOf(b))
    .filter((word, index, all) => {
      const before = all[index - 1];
      return before === undefined || !isTwice(before, word, borders);
    });
}

/** Whether the second pass has something where this live word is. */
function isHeardAs(live: Word, other: Word): boolean {
  const shared = Math.min(live.end, other.end) - Math.max(live.start, other.start);
  if (shared > (live.end - live.start) / 4) return true;
  return (
    normalise(live.text) === normalise(other.text) &&
    Math.abs(middleOf(live) - middleOf(other)) <= TIMING_ERROR
  );
}

/** One word that both sides of a border claim, having timed it differently. */
function isTwice(a: Word, b: Word, borders: Float64Array): boolean {
  if (!overlap(a, b) || normalise(a.text) !== normalise(b.text)) return false;
  return borders[firstAbove(borders, middleOf(a))]! <= middleOf(b);
}

const overlap = (a: Word, b: Word): boolean => Math.min(a.end, b.end) > Math.max(a.start, b.start);
