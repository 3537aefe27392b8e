/**
 * The corpus as the rest of the server sees it: append, read, follow. What is behind it (SQLite, encryption with a
 * key per session, the hash chain) is this folder's own business.
 */
import type { CorpusEvent, EventData, EventType, NewEvent } from '../../shared/events.ts';

export interface SessionSummary {
  session: string;
  owner: string;
  tenant: string;
  /** ISO 8601 in UTC. */
  openedAt: string;
  lastEventAt: string;
  events: number;
  slices: number;
  /** `finishing`: a request stands without its answer, so the job must run (rule F1). */
  state: 'open' | 'finishing' | 'finished' | 'failed' | 'erased' | 'corrupt';
}

export interface Corpus {
  /** Creates the session with its own data key; resolves when it is on disk. */
  open(session: string, opened: EventData<'session.opened'>): Promise<CorpusEvent>;
  /**
   * Appends in one transaction, blobs included; resolves when it is on disk (rule I1), in the order of the calls.
   * `expected` is the number of the session's last event as the caller knows it.
   * @throws CodedError STORAGE_UNAVAILABLE when the disk did not take it (nothing was appended),
   *   SESSION_UNKNOWN, CORRUPT; ConcurrencyError when `expected` is not the last number.
   */
  append(
    session: string,
    events: readonly NewEvent[],
    options?: { expected?: number },
  ): Promise<CorpusEvent[]>;
  /** The session's events after number `after`, oldest first, decrypted and validated; read in pages. */
  events(session: string, after?: number): AsyncIterable<CorpusEvent>;
  /** The newest event of a type, without reading the others. */
  latest<Type extends EventType>(
    session: string,
    type: Type,
  ): Promise<Extract<CorpusEvent, { type: Type }> | undefined>;
  /** A blob of the session by the address that its event gives. @throws CodedError CORRUPT when it does not verify. */
  blob(session: string, address: string): Promise<Uint8Array>;
  summary(session: string): Promise<SessionSummary | undefined>;
  /** Newest first. */
  sessions(filter?: {
    tenant?: string;
    owner?: string;
    state?: SessionSummary['state'];
  }): Promise<SessionSummary[]>;
  /** Calls `listener` with every event appended from now on, after it is on disk, in order. Returns the way out. */
  subscribe(session: string, listener: (event: CorpusEvent) => void): () => void;
  /** Destroys the session's key and blobs, leaving the chain verifiable and `session.erased` in it (rule C2). */
  erase(session: string, by: string, reason: string): Promise<void>;
  verify(session?: string): Promise<VerificationReport>;
  close(): Promise<void>;
}

export interface VerificationReport {
  sessions: number;
  events: number;
  blobs: number;
  /** The first bad event or blob of each bad session. */
  faults: { session: string; n: number; what: string }[];
}

/** Somebody else appended first; read on and decide again. */
export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError';
}
