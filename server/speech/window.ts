/** What the engine is to hear next: which stretch of a session's audio, and what is certain without hearing. Pure. */
import type { Word } from '../../shared/transcript.ts';
import { type Interval, joinAcross } from '../audio/intervals.ts';
import type { LiveText } from './commit-policy.ts';

/** The engine's limit: seconds. */
export const LONGEST_WINDOW = 30;
/** Silence of this length closes the words before it: seconds. */
export const CLOSING_SILENCE = 0.6;
/** Room around speech, for soft beginnings and ends: seconds. */
export const ROOM = 0.3;
/** How much of the committed words is heard again, so that new words have their neighbours: seconds. */
const CONTEXT = 1;
/** Regions nearer to each other than this share a window when the engine catches up: seconds. */
const SHARED_SILENCE = 2;
/** Speech shorter than this after the last committed word is that word's end: seconds. */
const REST = 0.15;
/** An open region is heard again once this much has been added: seconds. */
const STEP = 1;

export interface Timeline {
  /** Speech found so far, ordered; the last island may still grow. */
  islands: readonly Interval[];
  /** All audio before this has been judged for speech. */
  position: number;
  /** No more audio will follow for now: the end closes like silence. */
  ended: boolean;
}

export type NextStep =
  | { kind: 'hear'; start: number; end: number; closedThrough?: number; full: boolean }
  /** What was heard last reaches past the end of speech: its tail is certain. */
  | { kind: 'close'; through: number }
  /** Nothing was said up to here. */
  | { kind: 'silence'; through: number }
  | { kind: 'wait' };

interface Region extends Interval {
  closed: boolean;
  /** Up to here the silence after it belongs to it. */
  through: number;
}

export function nextStep(timeline: Timeline, text: LiveText): NextStep {
  const regions = pendingRegions(timeline, text.through);
  const first = regions[0];
  if (first === undefined) return silenceUntil(timeline, text);
  if (first.closed && text.heardTo >= first.end + REST && text.tail.length > 0)
    return { kind: 'close', through: Math.min(first.through, Math.max(text.heardTo, first.end)) };
  if (first.closed && text.heardTo >= first.end + REST) return { kind: 'silence', through: first.through };

  const start = text.through > first.start ? contextStart(text, first) : first.start - ROOM;
  const begin = Math.max(0, text.through > first.start ? start : Math.max(start, text.through));
  const limit = begin + LONGEST_WINDOW;
  if (first.end > limit) return { kind: 'hear', start: begin, end: limit, full: true };

  let last = first;
  let closedThrough = first.closed ? first.through : undefined;
  for (const region of regions.slice(1)) {
    if (region.through > limit || region.start - last.end > SHARED_SILENCE) break;
    last = region;
    if (region.closed) closedThrough = region.through;
  }
  const end = last.closed ? Math.min(last.through, limit) : Math.min(timeline.position, limit);
  const news = end - Math.max(text.heardTo, begin);
  if (closedThrough === undefined && news < STEP) return { kind: 'wait' };
  return {
    kind: 'hear',
    start: begin,
    end,
    full: false,
    ...(closedThrough !== undefined && { closedThrough }),
  };
}

function pendingRegions({ islands, position, ended }: Timeline, through: number): Region[] {
  const joined = joinAcross(islands, CLOSING_SILENCE);
  return joined
    .map((region, index): Region => {
      const next = joined[index + 1];
      const closed = next !== undefined || ended || position - region.end >= CLOSING_SILENCE;
      const limit = next === undefined ? position : next.start;
      return { ...region, closed, through: Math.max(region.end, Math.min(region.end + ROOM, limit)) };
    })
    .filter((region) => region.end > through + (region.closed ? REST : 0));
}

/** The moment up to which silence is certain: speech may have begun softly a little before it is noticed. */
function silenceUntil({ islands, position, ended }: Timeline, text: LiveText): NextStep {
  const lastSpeech = islands.at(-1)?.end ?? 0;
  if (text.tail.length > 0) {
    if (!ended && position - lastSpeech < CLOSING_SILENCE) return { kind: 'wait' };
    return { kind: 'close', through: Math.min(position, text.heardTo) };
  }
  const quiet = ended ? position : Math.max(lastSpeech, position - ROOM);
  return quiet > text.through ? { kind: 'silence', through: quiet } : { kind: 'wait' };
}

/** A pause between committed words, so that the first word heard is whole. */
function contextStart({ recent, through }: LiveText, region: Interval): number {
  const earliest = Math.max(through - CONTEXT, region.start - ROOM);
  let start = through;
  for (const [index, word] of recent.toReversed().entries()) {
    if (word.start < earliest) break;
    start = startOf(word, recent.at(-2 - index));
  }
  return Math.min(start, through);
}

/** More new audio than this: the engine is behind, and hearing some of it twice would not help. Seconds. */
const MOST_NEWS = 4;
/** Heard again before the newest audio: seconds. */
const GLANCE_CONTEXT = 0.4;
/** A word that began earlier than this before the new audio is one that the engine has stretched: seconds. */
const LONGEST_WORD = 1;
/** A glance is worth its time where it is this much shorter than the window, besides having no prompt: seconds. */
const LEAST_SAVED = 0.5;

export interface Glance {
  start: number;
  /** The words of the tail that lie before it. */
  kept: Word[];
}

/**
 * Where to begin in order to show the newest words early, before the whole window is heard for what is certain: a little
 * before the new audio, or in the pause before the word that is said there. None where that would save little.
 */
export function glanceAt(
  { tail, heardTo }: LiveText,
  window: { start: number; end: number },
): Glance | undefined {
  if (window.end - heardTo > MOST_NEWS) return undefined;
  const wanted = heardTo - GLANCE_CONTEXT;
  const isBefore = (word: Word) => word.end <= wanted || word.start < heardTo - LONGEST_WORD;
  const kept = tail.filter(isBefore);
  const first = tail[kept.length];
  const start = first !== undefined && first.start < wanted ? startOf(first, kept.at(-1)) : wanted;
  return start - window.start >= LEAST_SAVED ? { start, kept } : undefined;
}

const startOf = (word: Word, before: Word | undefined): number =>
  before === undefined || before.end > word.start
    ? word.start
    : Math.max((before.end + word.start) / 2, word.start - 0.1);
