/** Who speaks when. Windows are analysed one by one while the session runs; `conclude` does the rest at its end (rule F2). */
import type { DiarizationMethod } from '../../shared/events.ts';
import type { Turn } from '../../shared/transcript.ts';

/** Seconds. */
export const WINDOW = { duration: 10, step: 1 } as const;

/** The local speakers of one window: what is stored, so that a restart goes on from there. */
export interface WindowAnalysis {
  /** Window k covers k·step to k·step + duration. */
  index: number;
  /** frames × speakers, row by row, 0 or 1. */
  activity: Uint8Array;
  frames: number;
  speakers: number;
  /** speakers × dimension, row by row; NaN where the speaker is not heard alone. */
  embeddings: Float32Array;
}

export interface ConcludeOptions {
  /** Of the whole recording, seconds. */
  duration: number;
  numSpeakers?: number;
  minSpeakers?: number;
  maxSpeakers?: number;
}

export interface Diarization {
  method: DiarizationMethod;
  /** `SPEAKER_00`, … in order of first appearance. */
  speakers: string[];
  /** May overlap. */
  turns: Turn[];
  /** Never overlap: for putting words under speakers. */
  exclusiveTurns: Turn[];
  /** One voice per speaker, for recognising it again: speakers × dimension. */
  centroids: Float32Array[];
  warnings: { code: string; message: string }[];
}

export interface Diarizer {
  readonly method: DiarizationMethod;
  /** What makes the voices: those of different embedders do not compare. */
  readonly embedder: string;
  /** `audio`: up to ten seconds of 16 kHz mono; a shorter last window is padded with silence. */
  analyseWindow(index: number, audio: Int16Array): Promise<WindowAnalysis>;
  /** The windows in order of `index`, none missing. */
  conclude(windows: readonly WindowAnalysis[], options: ConcludeOptions): Promise<Diarization>;
  close(): Promise<void>;
}
