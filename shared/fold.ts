/**
 * What the published events of a session add up to, for the page and for whoever else reads along.
 * Pure: events in order of `n` go in, one by one; one that has been folded already changes nothing.
 */
import { type EventOf, type EventType, eventData } from './events.ts';
import type { SessionPhase } from './protocol.ts';
import type { Role, Word } from './transcript.ts';

/** One correction of a speaker; `n` is its event's number, by which a later one may take it back. */
export interface SpeakerLabel {
  n: number;
  speaker: string;
  name?: string;
  role?: Role;
}

export interface TranscriptState {
  /** The number of the last event folded; 0 before the first. */
  last: number;
  phase: SessionPhase;
  /** ISO 8601 in UTC. */
  openedAt?: string;
  /** ISO 639-1 or `auto`, as asked for; `settled` is what was recognised. */
  language: string;
  settled?: string;
  consent: boolean;
  /** Committed words: each exactly once, never changed afterwards. */
  words: readonly Word[];
  /** Seconds: everything before has been listened to. */
  through: number;
  /** Seconds decoded or known to be missing: how far the timeline reaches. */
  timeline: number;
  /** Slices that are on the server's disk. */
  stored: number;
  /** Stretches stored but not decodable, in seconds (rule I5). */
  gaps: readonly { start: number; end: number }[];
  /** Where the microphone was off: points on the timeline, which knows recorded time only. */
  pauses: readonly number[];
  finish?: { request: string; attempt: number; failed?: { code: string; final: boolean } };
  warnings: readonly string[];
  labels: readonly SpeakerLabel[];
  erased: boolean;
}

export const emptyTranscript: TranscriptState = {
  last: 0,
  phase: 'recording',
  language: 'auto',
  consent: false,
  words: [],
  through: 0,
  timeline: 0,
  stored: 0,
  gaps: [],
  pauses: [],
  warnings: [],
  labels: [],
  erased: false,
};

/** The published form of an event, `update` on the wire. */
export interface PublishedEvent {
  n: number;
  at: string;
  event: string;
  data: unknown;
}

type Fold<Type extends EventType> = (
  state: TranscriptState,
  data: EventOf<Type>['data'],
  event: PublishedEvent,
) => Partial<TranscriptState>;

const folds: { [Type in EventType]?: Fold<Type> } = {
  'session.opened': (_state, data, { at }) => ({ language: data.language, openedAt: at }),
  'consent.recorded': () => ({ consent: true }),
  'session.paused': (state, data) => ({ phase: 'paused', pauses: [...state.pauses, data.at] }),
  'session.resumed': () => ({ phase: 'recording' }),
  'slice.received': (state) => ({ stored: state.stored + 1 }),
  'slice.decoded': (state, data) => ({ timeline: Math.max(state.timeline, data.end) }),
  'slice.degraded': (state, { start, end }) => ({
    timeline: Math.max(state.timeline, end),
    gaps: [...state.gaps, { start, end }],
  }),
  'language.settled': (_state, data) => ({ settled: data.language }),
  'words.committed': (state, data) => ({
    words: data.words.length > 0 ? [...state.words, ...data.words] : state.words,
    through: Math.max(state.through, data.through),
  }),
  'finish.requested': (_state, data) => ({
    phase: 'finishing',
    finish: { request: data.request, attempt: 0 },
    warnings: [],
  }),
  'finish.started': (_state, data) => ({
    phase: 'finishing',
    finish: { request: data.request, attempt: data.attempt },
  }),
  // Where speakers are told apart anew, a correction of an earlier result could name somebody else.
  'finish.completed': (state, data) => ({
    phase: 'finished',
    warnings: data.warnings,
    labels: data.sameSpeakers ? state.labels : [],
  }),
  'finish.failed': (_state, { request, attempt, code, final }) => ({
    phase: final ? 'failed' : 'finishing',
    finish: { request, attempt, failed: { code, final } },
  }),
  'speaker.labelled': (state, data, { n }) => ({
    labels:
      data.undoes === undefined
        ? [...state.labels, { n, speaker: data.speaker, name: data.name, role: data.role }]
        : state.labels.filter((label) => label.n !== data.undoes),
  }),
  'session.erased': () => ({ erased: true, words: [], labels: [] }),
};

/** Folds one event. Events of types that do not concern the page only move `last` on. */
export function foldTranscript(state: TranscriptState, event: PublishedEvent): TranscriptState {
  if (event.n <= state.last) return state;
  const moved = { ...state, last: event.n };
  const fold = folds[event.event as EventType] as Fold<EventType> | undefined;
  if (fold === undefined) return moved;
  const parsed = eventData[event.event as EventType].safeParse(event.data);
  return parsed.success ? { ...moved, ...fold(state, parsed.data, event) } : moved;
}

/** The name and role that stand for a speaker: later corrections go before earlier ones. */
export function labelOf(state: TranscriptState, speaker: string): { name?: string; role?: Role } {
  const label: { name?: string; role?: Role } = {};
  for (const { speaker: of, name, role } of state.labels) {
    if (of !== speaker) continue;
    if (name !== undefined) label.name = name;
    if (role !== undefined) label.role = role;
  }
  return label;
}

/**
 * Words as they read best: a new paragraph after a silence of `pause` seconds, or at a sentence's end once a
 * paragraph has grown to `length` words. Earlier paragraphs keep their identity as words are added.
 */
export function paragraphs(words: readonly Word[], { pause = 1.6, length = 45 } = {}): Word[][] {
  const result: Word[][] = [];
  let current: Word[] = [];
  for (const word of words) {
    const before = current.at(-1);
    const ended = before !== undefined && /[.?!…]$/.test(before.text) && current.length >= length;
    if (before !== undefined && (ended || word.start - before.end >= pause)) {
      result.push(current);
      current = [];
    }
    current.push(word);
  }
  if (current.length > 0) result.push(current);
  return result;
}
