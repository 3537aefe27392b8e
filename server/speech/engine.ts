/** The engine port: something that turns audio into words. Its one contract over HTTP is whisper-server's. */
import type { EngineDescription } from '../../shared/events.ts';
import type { Word } from '../../shared/transcript.ts';

export interface TranscriptionRequest {
  /** 16 kHz mono, at most 30 s. */
  audio: Int16Array;
  /** ISO 639-1, or `auto`. */
  language: string;
  /** Words said before, and the clinic's terms. */
  prompt?: string;
  /** `live` goes before `background` wherever both wait. */
  priority: 'live' | 'background';
  /** The answer is shown for a moment only, until a better one comes: speed counts more than certainty. */
  preview?: boolean;
  signal?: AbortSignal;
}

/** What was heard. Times are seconds from the start of the request's audio. */
export interface Hypothesis {
  words: Word[];
  language: string;
  /** 0 to 1 where the engine says so. */
  languageProbability?: number;
  /** Segments that looked hallucinated and were left out (rule S4). */
  dropped: number;
}

export interface Engine {
  readonly description: EngineDescription;
  /** @throws CodedError ENGINE_UNAVAILABLE when no worker can answer now; the caller keeps the audio and asks later. */
  transcribe(request: TranscriptionRequest): Promise<Hypothesis>;
  /** Requests that it works on at once. */
  readonly workers: number;
  /** `starting`: a model is being loaded. `recovering`: workers are down and are being restarted. */
  readonly state: 'starting' | 'ready' | 'recovering';
  /**
   * Resolves when `milliseconds` of other work on this machine would delay no live answer: nothing is being heard, and
   * the next slice is farther away than that. Rejects with the signal's reason when aborted.
   */
  whenQuiet(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** How much of its model is loaded, in whole per cent; while it is, and where the system tells. */
  readonly loadedPercent?: number | undefined;
  /** Calls back when `state` or `loadedPercent` changes. Returns the way out. */
  onStateChange(listener: () => void): () => void;
  close(): Promise<void>;
}
