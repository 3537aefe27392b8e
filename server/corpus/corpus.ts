/**
 * The corpus as the rest of the server sees it: append, read, follow. What is behind it (SQLite, encryption with a
 * key per session, the hash chain) is this folder's own business.
 */
import type { CorpusEvent, EventData, EventType, NewEvent } from '../../shared/events.ts';

/**
 * The stream of what belongs to no session, such as `access.denied` on one that does not exist. It is there from the
 * start, is not listed among the sessions and cannot be erased; no session's id begins with `$`.
 */
export const SYSTEM_STREAM = '$system';

/**
 * Streams that begin so hold one known voice each, never a session: opened, appended to and erased in the same way, so
 * that a voice is gone for good with its key. No session's id has a colon.
 */
export const VOICE_PREFIX = 'voice:';

/** Likewise, one list of a clinic's terms each. */
export const VOCABULARY_PREFIX = 'vocabulary:';

export type StreamKind = 'session' | 'voice' | 'vocabulary';

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
  /**
   * Creates the session with its own data key; resolves when it is on disk.
   * @throws ConcurrencyError when there is one of this name, erased ones included.
   */
  open(session: string, opened: EventData<'session.opened'>): Promise<CorpusEvent>;
  /**
   * Appends in one transaction, blobs included; resolves when it is on disk (rule I1), in the order of the calls.
   * `expected` is the number of the session's last event as the caller knows it.
   * @throws CodedError STORAGE_UNAVAILABLE when the disk did not take it (nothing was appended),
   *   SESSION_UNKNOWN (also after an erasure, except for audit events), CORRUPT, SHUTTING_DOWN;
   *   ConcurrencyError when `expected` is not the last number.
   */
  append(
    session: string,
    events: readonly NewEvent[],
    options?: { expected?: number },
  ): Promise<CorpusEvent[]>;
  /**
   * The session's events after number `after`, oldest first, verified, decrypted and validated; read in pages.
   * Of an erased session only the audit trail can still be read: who read, exported and erased it, and was denied.
   * @throws CodedError CORRUPT at the first event that does not verify; the session is read-only from then on.
   */
  events(session: string, after?: number): AsyncIterable<CorpusEvent>;
  /** The newest event of a type, without reading the others. */
  latest<Type extends EventType>(
    session: string,
    type: Type,
  ): Promise<Extract<CorpusEvent, { type: Type }> | undefined>;
  /**
   * A blob of the session by the address that its event gives.
   * @throws CodedError NOT_FOUND when there is none or it was erased, CORRUPT when it does not verify.
   */
  blob(session: string, address: string): Promise<Uint8Array>;
  summary(session: string): Promise<SessionSummary | undefined>;
  /** Newest first; what is no session only where it is asked for. */
  sessions(filter?: {
    kind?: StreamKind;
    tenant?: string;
    owner?: string;
    state?: SessionSummary['state'];
  }): Promise<SessionSummary[]>;
  /** Calls `listener` with every event appended from now on, after it is on disk, in order. Returns the way out. */
  subscribe(session: string, listener: (event: CorpusEvent) => void): () => void;
  /**
   * Destroys the session's key and blobs, leaving the chain verifiable and `session.erased` in it (rule C2); resolves
   * when no file of the corpus holds the key's bytes any more. Backups made before keep the wrapped key: they make
   * the session readable to whoever has the master key too, so they must be let expire.
   * @throws CodedError SESSION_UNKNOWN, FORBIDDEN for the system's stream, STORAGE_UNAVAILABLE (also when a reader such
   *   as a long backup kept the log from being cleared: the key is gone, ask again to have the log cleared too).
   */
  erase(session: string, by: string, reason: string): Promise<void>;
  /**
   * Reads every event and blob of the session, or of all. Over all it also checks the database's own structure, which
   * holds up the event loop for as long as the file takes to read: do that from a tool beside the server.
   */
  verify(session?: string): Promise<VerificationReport>;
  /**
   * Writes a copy of one instant to `corpus.db` in `directory`, which must not hold one, while the server goes on.
   * Restore: stop the server, put `corpus.db` alone into an empty data directory, start with the same master key
   * file. The master key is not in the backup: keep it elsewhere.
   */
  backup(directory: string): Promise<void>;
  /** Makes a new master key, wraps every data key again under it and forgets the old one; crash-safe. */
  rotateMasterKey(): Promise<void>;
  close(): Promise<void>;
}

export interface VerificationReport {
  sessions: number;
  events: number;
  blobs: number;
  /** The first bad event or blob of each bad session; one with the session `$system` and n 0 concerns the database. */
  faults: { session: string; n: number; what: string }[];
}

/** Somebody else appended first; read on and decide again. */
export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError';
}
