/** Puts words under speakers. */
import { type Segment, type Turn, UNKNOWN_SPEAKER, type Word } from '../../shared/transcript.ts';
import { createLookup } from '../audio/intervals.ts';

export interface SpeakerTurns {
  /** May overlap: they tell where several speak at once. */
  readonly turns: readonly Turn[];
  /** Never overlap: they tell whose a word is. */
  readonly exclusiveTurns: readonly Turn[];
}

/** A word in no turn goes to the nearest one that is no farther away, seconds. */
export const REACH = 0.5;

/**
 * Each word goes to the speaker whose exclusive turns cover most of it, else to the nearest turn within `REACH`, else to
 * `unknown`. Consecutive words of one speaker make one segment; it is marked as overlap where another speaker's turn
 * covers part of one of its words.
 */
export function alignWords(words: readonly Word[], { turns, exclusiveTurns }: SpeakerTurns): Segment[] {
  const exclusive = createLookup(exclusiveTurns);
  const all = createLookup(turns);
  const segments: Segment[] = [];
  for (const word of [...words].sort((a, b) => a.start - b.start)) {
    const speaker = speakerOf(word, exclusive(word.start - REACH, word.end + REACH));
    const overlap = all(word.start, word.end).some(
      (turn) => turn.speaker !== speaker && shared(word, turn) > 0,
    );
    const last = segments.at(-1);
    if (last?.speaker === speaker) {
      last.words.push(word);
      last.end = Math.max(last.end, word.end);
      last.overlap ||= overlap;
    } else {
      segments.push({ speaker, start: word.start, end: word.end, words: [word], overlap });
    }
  }
  return segments;
}

/** Per stretch, who says most of the words in it, by time; `unknown` where there are none. */
export function sliceSpeakers(
  slices: readonly { readonly start: number; readonly end: number }[],
  segments: readonly Segment[],
): string[] {
  const find = createLookup(
    segments.flatMap(({ speaker, words }) => words.map(({ start, end }) => ({ speaker, start, end }))),
  );
  return slices.map((slice) => longest(slice, find(slice.start, slice.end)) ?? UNKNOWN_SPEAKER);
}

interface Stretch {
  readonly start: number;
  readonly end: number;
}

function speakerOf(word: Word, near: readonly Turn[]): string {
  const covering = longest(word, near);
  if (covering !== undefined) return covering;
  let best: { speaker: string; gap: number } = { speaker: UNKNOWN_SPEAKER, gap: Number.POSITIVE_INFINITY };
  for (const { speaker, start, end } of near) {
    const gap = Math.max(0, start - word.end, word.start - end);
    if (gap <= REACH && gap < best.gap) best = { speaker, gap };
  }
  return best.speaker;
}

/** Who has most of the stretch; of equals, who has it first. */
function longest(stretch: Stretch, turns: readonly Turn[]): string | undefined {
  const seconds = new Map<string, number>();
  for (const turn of turns) {
    const part = shared(stretch, turn);
    if (part > 0) seconds.set(turn.speaker, (seconds.get(turn.speaker) ?? 0) + part);
  }
  let best: string | undefined;
  for (const [speaker, total] of seconds) {
    if (best === undefined || total > seconds.get(best)!) best = speaker;
  }
  return best;
}

function shared(a: Stretch, b: Stretch): number {
  return Math.min(a.end, b.end) - Math.max(a.start, b.start);
}
