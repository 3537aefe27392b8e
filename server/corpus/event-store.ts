/**
 * The port between the corpus and its disk: rows that are opaque to the store (ciphertext, hashes, seals), written in
 * whole transactions. Streams are sessions, and one more for what belongs to none.
 */

/** One event as it lies on disk. `n` counts from 1 within its stream. */
export interface StoredEvent {
  stream: string;
  n: number;
  type: string;
  /** ISO 8601 in UTC. */
  at: string;
  /** Ciphertext. */
  payload: Uint8Array;
  /** Address of the blob that belongs to the event: hex SHA-256 of its ciphertext. */
  blob: string | null;
  /** Hash of the event before this one in the stream; 32 zero bytes for the first. */
  previous: Uint8Array;
  hash: Uint8Array;
}

export interface StoredBlob {
  stream: string;
  address: string;
  /** Ciphertext. */
  bytes: Uint8Array;
}

export type StreamState = 'open' | 'finishing' | 'finished' | 'failed' | 'erased';

/** What is known of a stream without reading it; kept in the same transaction as its events. */
export interface StreamRecord {
  stream: string;
  owner: string;
  tenant: string;
  openedAt: string;
  lastEventAt: string;
  /** The number of the stream's last event. */
  events: number;
  slices: number;
  state: StreamState;
  /** The newest `finish.requested`. */
  request: string | null;
  /** Hash of the stream's last event. */
  head: Uint8Array;
}

/** `seal` authenticates the record, so that neither a flipped bit nor a shortened stream goes unnoticed. */
export interface SealedStream extends StreamRecord {
  seal: Uint8Array;
}

/** Counts over all streams, sealed, so that a stream that vanishes whole is missed. */
export interface SealedTotals {
  streams: number;
  events: number;
  seal: Uint8Array;
}

/** The data key of a stream, encrypted under a master key. */
export interface WrappedKey {
  stream: string;
  masterKey: string;
  wrapped: Uint8Array;
}

export interface StreamFault {
  stream: string;
  n: number;
  what: string;
}

/** Everything that one transaction writes. */
export interface Change {
  events: StoredEvent[];
  blobs: StoredBlob[];
  /** Inserted or replaced. */
  streams: SealedStream[];
  /** Inserted or replaced. */
  keys: WrappedKey[];
  /** Streams whose key and blobs are destroyed. */
  erasures: string[];
  totals: SealedTotals | undefined;
}

export interface StreamPage {
  events: StoredEvent[];
  /** As it stood when the page was read. */
  record: SealedStream | undefined;
  /** Hash of the event before the page's first; undefined where that is missing. */
  before: Uint8Array | undefined;
}

export interface StreamFilter {
  tenant?: string | undefined;
  owner?: string | undefined;
  state?: StreamState | undefined;
}

export interface EventStore {
  /**
   * Resolves when the whole change is on disk.
   * @throws StoreWriteError when none of it was taken; the store opens its files anew before the next change.
   */
  commit(change: Change): Promise<void>;
  /** Clears what erasures left in the write-ahead log. False while a reader elsewhere still holds it. */
  scrub(): Promise<boolean>;
  /** Events after number `after`, oldest first, at most `limit`, with the record of the same instant. */
  page(stream: string, after: number, limit: number): StreamPage;
  latest(stream: string, type: string): StoredEvent | undefined;
  /** The ciphertext. */
  blob(stream: string, address: string): Uint8Array | undefined;
  record(stream: string): SealedStream | undefined;
  /** Newest first. */
  records(filter?: StreamFilter): SealedStream[];
  key(stream: string): WrappedKey | undefined;
  keys(): WrappedKey[];
  /** The sealed counts beside what the records themselves add up to, all of one instant. */
  census(): { totals: SealedTotals | undefined; streams: number; events: number };
  /** What the file system has left for this process. */
  freeBytes(): number;
  /** What was found to be damaged and has not been mended since. */
  faults(): StreamFault[];
  /** Replaces what is noted about these streams; `undefined` takes a note back. */
  noteFaults(faults: readonly { stream: string; fault: StreamFault | undefined }[]): Promise<void>;
  /** What the database itself finds wrong with its pages and indexes; empty when all is well. Reads every page. */
  structuralFaults(): string[];
  /** Writes a consistent copy into `directory` while changes go on. @throws Error when there is one already. */
  backup(directory: string): Promise<void>;
  close(): Promise<void>;
}

/** Stored pages cannot be read. */
export class StoreReadError extends Error {
  override readonly name = 'StoreReadError';
}

/** The disk did not take a change; nothing of it stands. */
export class StoreWriteError extends Error {
  override readonly name = 'StoreWriteError';
}
