/** The final word list: the second pass where it has been, the live words elsewhere (rule F3). Pure. */
import type { Word } from '../../shared/transcript.ts';
import { createLookup, type Interval, middleOf } from '../audio/intervals.ts';
import { normalise } from './normalise.ts';

export interface TranscribedStretch extends Interval {
  words: readonly Word[];
}

/** Two hearings of one word differ by this much at most: seconds. */
const TIMING_ERROR = 0.3;

/** Stretches may come in any order; of two that begin at the same moment the later in the list stands. */
export function finalWords(stretches: readonly TranscribedStretch[], live: readonly Word[]): Word[] {
  const newest = new Map(stretches.map((stretch) => [stretch.start, stretch]));
  const ordered = [...newest.values()].sort((a, b) => a.start - b.start);
  const heard = ordered.flatMap((stretch) => stretch.words);
  // An hour has thousands of words: each is compared with its neighbours alone.
  const heardAt = createLookup(heard);
  const stretchAt = createLookup(ordered);
  const borderAt = createLookup(
    ordered.flatMap(({ start, end }) => [start, end]).map((border) => ({ start: border, end: border })),
  );

  const fallback = live.filter((word) => {
    const middle = middleOf(word);
    const covered = stretchAt(middle, middle).some(({ end }) => middle < end);
    const atBorder = borderAt(word.start, word.end).some(
      ({ start }) => word.start < start && start < word.end,
    );
    if (covered && !atBorder) return false;
    const near = heardAt(word.start - TIMING_ERROR, word.end + TIMING_ERROR);
    return !near.some((other) => isHeardAs(word, other));
  });
  return [...heard, ...fallback]
    .sort((a, b) => middleOf(a) - middleOf(b))
    .filter((word, index, all) => {
      const before = all[index - 1];
      if (before === undefined || !overlap(before, word)) return true;
      const borders = borderAt(middleOf(before), middleOf(word));
      return !borders.some(({ start }) => isTwice(before, word, start));
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
function isTwice(a: Word, b: Word, border: number): boolean {
  return (
    middleOf(a) < border && border <= middleOf(b) && overlap(a, b) && normalise(a.text) === normalise(b.text)
  );
}

const overlap = (a: Word, b: Word): boolean => Math.min(a.end, b.end) > Math.max(a.start, b.start);
