/**
 * What has been recorded and is not yet safe on the server (rule I3). A slice lies here before it is sent and
 * leaves when it is acknowledged. Two adapters: IndexedDB, encrypted; and memory, where a browser refuses IndexedDB.
 */
import type { RecordedSlice } from '../connection/connection.ts';
import type { Command } from '../connection/state.ts';

/** Where one consultation stands, so that a reloaded or crashed page can go on with it. Holds no audio and no text. */
export interface Consultation {
  id: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  language: string;
  /** What the clinician wanted last. */
  wanted: 'recording' | 'paused' | 'finishing';
  /** The server's name for it, once it has given one. */
  session?: string;
  /** The next ordinal and the next epoch, and how they map to the session's own numbers. */
  queued: number;
  epochs: number;
  offset: number;
  epochOffset: number;
  /** Milliseconds recorded so far. */
  recordedMs: number;
  /** Not yet confirmed by an event. */
  commands: readonly Command[];
}

export interface Outbox {
  /** False: what it holds is gone when the page is closed or reloaded. */
  readonly durable: boolean;
  /** Newest first. */
  consultations(): Promise<Consultation[]>;
  save(consultation: Consultation): Promise<void>;
  /** Resolves when the slice is on disk. @throws where it does not fit. */
  put(consultation: string, ordinal: number, slice: RecordedSlice): Promise<void>;
  get(consultation: string, ordinal: number): Promise<RecordedSlice | undefined>;
  /** Ordinals, ascending. */
  held(consultation: string): Promise<number[]>;
  /** Forgets every slice before that ordinal. */
  purge(consultation: string, before: number): Promise<void>;
  /** Forgets every slice from that ordinal on. */
  truncate(consultation: string, from: number): Promise<void>;
  /** Forgets the consultation, its slices and its key. */
  remove(consultation: string): Promise<void>;
  close(): void;
}
