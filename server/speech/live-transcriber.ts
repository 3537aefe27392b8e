/** The live pass of one session: audio in as it is decoded, committed words and a tail out (rules S2 to S5). */

import type { Word } from '../../shared/transcript.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from './engine.ts';

export interface LiveTranscriber {
  /** The next samples of the timeline; never blocks, never drops. 16 kHz mono. */
  listen(audio: Int16Array): void;
  /** A stretch without audio (undecodable, paused): closes the words before it and moves on. */
  skip(seconds: number): void;
  /**
   * Listens to the end of what it has and commits every word. Rejects with ENGINE_UNAVAILABLE if that cannot be done
   * now; nothing is lost by that and it can be called again. A language still open is settled by what there was, so this
   * is for the end of a session: a pause closes its words by itself.
   */
  flush(): Promise<void>;
  close(): void;
  /** Seconds of speech received and not yet listened to. */
  readonly behind: number;
}

export interface LiveTranscriberOptions {
  engine: Engine;
  clock: Clock;
  /** `auto` until settled. */
  language: string;
  /** The clinic's terms. */
  vocabulary: readonly string[];
  /** Where the session's timeline stands when this transcriber takes over, in seconds. */
  startAt: number;
  /** Words committed before (after a restart), for the prompt. */
  committedBefore: readonly Word[];
  /**
   * The session's stored audio between two sample numbers of its timeline, zeros where there is none. With it only the
   * newest minute is held in memory however far the engine falls behind; without it everything not yet committed is.
   */
  readAudio?(fromSample: number, toSample: number): Promise<Int16Array>;
  /**
   * Session-timeline times; no words where only silence was passed. Each call is awaited before the next: the corpus
   * has the words before anything else moves. When it rejects, the same audio is listened to again.
   */
  onCommit(words: Word[], through: number): Promise<void>;
  onTail(words: Word[]): void;
  onLanguage(language: string, probability: number): Promise<void>;
  /** `behind` or the engine's state has changed. */
  onStatus(): void;
}
