/**
 * A session as its events tell it: one fold serves a running session, one that is read again after a restart, and the
 * finish job. Pure.
 */
import type { CorpusEvent, Coverage, DiarizationMethod, EventData } from '../../shared/events.ts';
import type { Word } from '../../shared/transcript.ts';
import type { FinishRecord } from '../finalize/finish-job.ts';

/** Seconds on the session's timeline are known once the slice was decoded, or found not to decode. */
export interface StoredSlice {
  seq: number;
  epoch: number;
  mime: string;
  audioHash: string;
  durationMs: number;
  blob: string;
  place?: { start: number; end: number; degraded: boolean };
}

export interface SessionHistory {
  session: string;
  owner: string;
  tenant: string;
  openedAt: string;
  /** Number of the last event folded in. */
  last: number;
  /** `auto` until settled. */
  language: string;
  paused: boolean;
  consented: boolean;
  slices: StoredSlice[];
  /** Seconds: the end of the last slice that has its place. */
  timelineEnd: number;
  /** Seconds: the session's audio is stored as PCM up to here. */
  audioStored: number;
  committed: Word[];
  /** Seconds: the live pass has listened up to here. */
  listened: number;
  stretches: EventData<'stretch.transcribed'>[];
  /** By the window's index: the address of its newest analysis, and what made it. */
  windows: Map<number, { blob: string; method: DiarizationMethod }>;
  finish?: FinishRecord;
  /** The newest finish that succeeded: it stands until a newer one does. */
  completed?: { request: string; result: string };
}

/** @throws Error when the first event is not `session.opened`. */
export function beginHistory(event: CorpusEvent): SessionHistory {
  if (event.type !== 'session.opened') throw new Error('a session begins with session.opened');
  return {
    session: event.session,
    owner: event.data.owner,
    tenant: event.data.tenant,
    openedAt: event.at,
    last: event.n,
    language: event.data.language,
    paused: false,
    consented: false,
    slices: [],
    timelineEnd: 0,
    audioStored: 0,
    committed: [],
    listened: 0,
    stretches: [],
    windows: new Map(),
  };
}

/** Folds one more event in, in place: a two-hour session has thousands, and nobody else holds a reference. */
export function extendHistory(history: SessionHistory, event: CorpusEvent): void {
  if (event.n <= history.last) return;
  history.last = event.n;
  switch (event.type) {
    case 'consent.recorded':
      history.consented = true;
      break;
    case 'session.paused':
      history.paused = true;
      break;
    case 'session.resumed':
      history.paused = false;
      break;
    case 'slice.received': {
      const { seq, epoch, mime, audioHash, durationMs } = event.data;
      history.slices[seq] = { seq, epoch, mime, audioHash, durationMs, blob: event.blob ?? '' };
      break;
    }
    case 'slice.decoded':
    case 'slice.degraded': {
      const { seq, start, end } = event.data;
      const slice = history.slices[seq];
      if (slice !== undefined) slice.place = { start, end, degraded: event.type === 'slice.degraded' };
      history.timelineEnd = end;
      break;
    }
    case 'audio.stored':
      history.audioStored = event.data.end;
      break;
    case 'language.settled':
      history.language = event.data.language;
      break;
    case 'words.committed':
      history.committed.push(...event.data.words);
      history.listened = event.data.through;
      break;
    case 'stretch.transcribed':
      history.stretches.push(event.data);
      break;
    case 'window.diarized':
      if (event.blob !== undefined) {
        history.windows.set(event.data.index, { blob: event.blob, method: event.data.method });
      }
      break;
    case 'finish.requested': {
      const { request, by, numSpeakers } = event.data;
      history.finish = {
        request,
        by,
        attempts: 0,
        outcome: 'pending',
        ...(numSpeakers === undefined ? {} : { numSpeakers }),
      };
      break;
    }
    case 'finish.started':
      if (history.finish?.request === event.data.request) history.finish.attempts = event.data.attempt;
      break;
    case 'finish.completed':
      if (history.finish?.request === event.data.request && event.blob !== undefined) {
        history.finish.outcome = 'completed';
        history.finish.result = event.blob;
        history.completed = { request: event.data.request, result: event.blob };
      }
      break;
    case 'finish.failed':
      if (history.finish?.request === event.data.request && event.data.final)
        history.finish.outcome = 'failed';
      break;
    default:
      // Labels and the audit trail do not change what the machinery does next.
      break;
  }
}

/** Slices that have no place on the timeline yet: stored, and not decoded before a crash. */
export function undecoded(history: SessionHistory): StoredSlice[] {
  return history.slices.filter((slice) => slice.place === undefined);
}

/** Where each slice lies, in seconds. */
export function timelineSlices(history: SessionHistory): { start: number; end: number }[] {
  return history.slices.map(({ place }) => ({ start: place?.start ?? 0, end: place?.end ?? 0 }));
}

/** Rule I5. `received` counts what clients say they recorded, `waiting` included. */
export function coverageOf(history: SessionHistory, labelled = 0, waitingMs = 0): Coverage {
  let stored = 0;
  let decoded = 0;
  let transcribed = 0;
  for (const slice of history.slices) {
    stored += slice.durationMs / 1000;
    if (slice.place === undefined || slice.place.degraded) continue;
    const { start, end } = slice.place;
    decoded += end - start;
    transcribed += Math.max(0, Math.min(end, history.listened) - start);
  }
  return { received: stored + waitingMs / 1000, stored, decoded, transcribed, labelled };
}
