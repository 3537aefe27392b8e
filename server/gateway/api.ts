/**
 * What the server offers over HTTP. The gateway has authenticated and authorised (authorisation.ts) before it
 * calls; `by` is for the audit events, which the implementation appends (rules C3, F4).
 */

import type { ErrorCode } from '../../shared/errors.ts';
import type { CorpusEvent, FinalResult } from '../../shared/events.ts';
import type { ServerMessage, SessionPhase } from '../../shared/protocol.ts';
import type { Role } from '../../shared/transcript.ts';
import type { ChunkRow } from '../corpus/chunk-rows.ts';
import type { Ownership } from './authorisation.ts';
import type { Principal } from './peer.ts';

/** Holds nothing that was said. */
export interface SessionSummary extends Ownership {
  session: string;
  phase: SessionPhase;
  /** ISO 8601, UTC. */
  openedAt: string;
  /** Seconds of audio stored. */
  duration: number;
  slices: number;
  erased: boolean;
}

export interface SessionView extends SessionSummary {
  /** While finishing. */
  progress?: Pick<Extract<ServerMessage, { type: 'progress' }>, 'stage' | 'ratio'>;
  /** Once finished. */
  result?: FinalResult;
  /** Once failed: a code, and the table's message for it. */
  failure?: { code: string; message: string };
}

export interface AudioFile {
  /** Length of the whole WAV file. */
  bytes: number;
  /** Hex SHA-256 of the whole file, where it is known. */
  sha256?: string;
  /** Bytes `first` up to and including `last`, in pieces of at most a mebibyte or so. */
  read(first: number, last: number): AsyncIterable<Uint8Array>;
}

export interface Api {
  ownership(session: string): Promise<Ownership | undefined>;
  /** Newest first, at most `limit`, opened before `before` (ISO 8601). */
  list(of: { tenant: string; owner?: string; before?: string; limit: number }): Promise<SessionSummary[]>;
  view(by: Principal, session: string): Promise<SessionView>;
  /** Events numbered above `after`, at most `limit`, in order. */
  events(by: Principal, session: string, after: number, limit: number): Promise<CorpusEvent[]>;
  chunks(by: Principal, session: string): Promise<ChunkRow[]>;
  /** @throws CodedError SESSION_EMPTY */
  audio(by: Principal, session: string): Promise<AudioFile>;
  /** @throws CodedError SESSION_EMPTY */
  finalize(
    by: Principal,
    session: string,
    options: { numSpeakers?: number | undefined },
  ): Promise<{ request: string }>;
  /** @throws CodedError NOT_FOUND for a speaker that the session does not have. */
  label(
    by: Principal,
    session: string,
    speaker: string,
    label: { name?: string | undefined; role?: Role | undefined },
  ): Promise<void>;
  /** Takes the newest standing correction of this speaker back. @throws CodedError NOT_FOUND where there is none. */
  undoLabel(by: Principal, session: string, speaker: string): Promise<void>;
  erase(by: Principal, session: string, reason: string): Promise<void>;
  /** Somebody known was refused: an `access.denied` event where the session exists. */
  denied(by: Principal, session: string, what: string, code: ErrorCode): void;
}
