/**
 * Which of the words just heard are certain (rule S2). Pure.
 *
 * LocalAgreement-2 (Macháček, Dabre, Bojar: "Turning Whisper into Real-Time Transcription System", 2023): a word is
 * committed once two successive hypotheses, the second with more audio behind it, begin with it; silence commits what
 * lies before it. Windows begin a little before the last committed word, so every hypothesis is first relieved of
 * what it repeats.
 */
import type { Word } from '../../shared/transcript.ts';
import { middleOf } from '../audio/intervals.ts';
import { normalise } from './normalise.ts';

/** Nearer to the edge of the audio than this, a word may be cut off: seconds. */
export const EDGE = 0.3;
/** A word heard again may have moved by this much: seconds. */
const JITTER = 0.7;
/** How far the border between old and new words may be shifted to make a repeated phrase fit: seconds. */
const BORDER_SHIFT = 0.5;
/** One word more of agreement with the committed text outweighs a shift of the border by this: seconds. */
const SHIFT_PER_WORD = 0.25;
const LONGEST_PHRASE = 3;
/** Less new audio than this makes a hypothesis the same evidence again: seconds. */
const NEW_EVIDENCE = 0.3;

/** Enough to find a window's beginning again and to fill a prompt. */
const REMEMBERED = 80;

export interface LiveText {
  /** The last committed words. */
  readonly recent: readonly Word[];
  /** No committed word ends after this and no later word will begin before it: seconds. */
  readonly through: number;
  /** What the newest hypothesis holds beyond the committed words, and where its audio ended. */
  readonly tail: readonly Word[];
  readonly heardTo: number;
}

/** One answer of the engine, in the session's time. */
export interface Hearing {
  words: readonly Word[];
  /** Where its audio ended. */
  end: number;
  /** Silence has closed everything before this moment. */
  closedThrough?: number;
  /** The window could not grow further: something must be committed, agreed or not. */
  full: boolean;
}

export interface Decision {
  commit: Word[];
  text: LiveText;
}

export function liveTextAt(startAt: number, committedBefore: readonly Word[]): LiveText {
  return { recent: committedBefore.slice(-REMEMBERED), through: startAt, tail: [], heardTo: startAt };
}

export function decide(text: LiveText, hearing: Hearing): Decision {
  const fresh = withoutCommitted(text, hearing.words);
  const closed = closedBy(fresh, hearing.closedThrough);
  const open = fresh.slice(closed);
  const before = text.tail.slice(closedBy(text.tail, hearing.closedThrough));
  const agreed = hearing.end - text.heardTo < NEW_EVIDENCE ? 0 : agreement(before, open, hearing.end - EDGE);

  let count = closed + agreed;
  let through = text.through;
  if (hearing.closedThrough !== undefined) through = Math.max(through, hearing.closedThrough);
  if (hearing.full && closed === 0) {
    const cut = bestCut(fresh, text.through, hearing.end);
    count = Math.max(count, cut.count);
    through = Math.max(through, cut.count === count ? cut.at : 0);
  }
  if (count > closed) through = Math.max(through, borderAfter(fresh, count - 1));
  return settle(text, fresh, count, through, hearing.end);
}

/** Silence after what was heard last commits its tail without another hearing. */
export function closeTail(text: LiveText, closedThrough: number): Decision {
  return settle(text, text.tail, text.tail.length, Math.max(text.through, closedThrough), text.heardTo);
}

function settle(
  text: LiveText,
  fresh: readonly Word[],
  count: number,
  through: number,
  end: number,
): Decision {
  const commit = fresh.slice(0, count).map((word) => ({ ...word }));
  let after = text.recent.at(-1)?.end ?? 0;
  for (const word of commit) {
    word.start = Math.max(word.start, after);
    word.end = Math.max(word.end, word.start);
    after = word.end;
  }
  return {
    commit,
    text: {
      recent: [...text.recent, ...commit].slice(-REMEMBERED),
      through: Math.max(through, commit.at(-1)?.end ?? 0),
      tail: fresh.slice(count),
      heardTo: Math.max(text.heardTo, end),
    },
  };
}

/**
 * The words beyond the committed ones. The border is where the time says, unless a small shift of it makes the words
 * before it repeat the committed text: engines time the same word differently when they hear it again.
 */
export function withoutCommitted(text: LiveText, words: readonly Word[]): readonly Word[] {
  let best = { at: 0, score: Number.NEGATIVE_INFINITY, shift: 0 };
  for (let at = 0; at <= words.length; at++) {
    const before = at > 0 ? middleOf(words[at - 1]!) - text.through : 0;
    const after = at < words.length ? text.through - middleOf(words[at]!) : 0;
    const shift = Math.max(before, after, 0);
    if (shift > BORDER_SHIFT) continue;
    const score = phraseLength(words.slice(0, at), text.recent) - shift / SHIFT_PER_WORD;
    if (score > best.score || (score === best.score && shift < best.shift)) best = { at, score, shift };
  }
  if (best.score > Number.NEGATIVE_INFINITY) return words.slice(best.at);
  return words.filter((word) => middleOf(word) >= text.through);
}

/** How many words at the end of both are the same, at about the same time. */
function phraseLength(heard: readonly Word[], committed: readonly Word[]): number {
  let length = 0;
  while (length < LONGEST_PHRASE) {
    const a = heard.at(-1 - length);
    const b = committed.at(-1 - length);
    if (a === undefined || b === undefined || !same(a, b)) break;
    length++;
  }
  return length;
}

function same(a: Word, b: Word): boolean {
  return normalise(a.text) === normalise(b.text) && Math.abs(middleOf(a) - middleOf(b)) <= JITTER;
}

function closedBy(words: readonly Word[], closedThrough: number | undefined): number {
  if (closedThrough === undefined) return 0;
  const open = words.findIndex((word) => middleOf(word) >= closedThrough);
  return open === -1 ? words.length : open;
}

/** How many words both hypotheses begin with, leaving out those that end after `edge`. */
function agreement(before: readonly Word[], now: readonly Word[], edge: number): number {
  let count = 0;
  for (const [index, word] of now.entries()) {
    const earlier = before[index];
    if (earlier === undefined || word.end > edge || !same(earlier, word)) break;
    count++;
  }
  return count;
}

/** In the middle of the pause after a word, so that neither neighbour is cut when the next window begins there. */
function borderAfter(words: readonly Word[], index: number): number {
  const word = words[index]!;
  const next = words[index + 1];
  return next === undefined ? word.end : Math.max(word.end, (word.end + next.start) / 2);
}

/** The widest pause in the newer half of a full window, away from its edge; at worst a moment without words. */
function bestCut(words: readonly Word[], from: number, end: number): { count: number; at: number } {
  const latest = end - 5 * EDGE;
  const earliest = (from + end) / 2;
  let best = { count: words.filter((word) => word.end <= latest).length, at: latest, pause: -1 };
  for (const [index, word] of words.entries()) {
    const next = words[index + 1];
    if (next === undefined || word.end < earliest || word.end > latest) continue;
    const pause = next.start - word.end;
    if (pause >= best.pause) best = { count: index + 1, at: borderAfter(words, index), pause };
  }
  return best;
}
