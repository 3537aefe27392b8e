/** Who speaks when. Windows are analysed and gathered while the session runs; `conclude` does the rest at its end (rule F2). */
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

/** The windows of one recording on the way to their conclusion. */
export interface Gathering {
  /** The windows before `count` can be read: what can be found ahead of the end may be. */
  advance(count: number): void;
  /** All of them; may be asked for more than once. */
  conclude(count: number, options: ConcludeOptions): Promise<Diarization>;
  close(): void;
}

export interface Diarizer {
  readonly method: DiarizationMethod;
  /** What makes the voices: those of different embedders do not compare. */
  readonly embedder: string;
  /** `audio`: up to ten seconds of 16 kHz mono; a shorter last window is padded with silence. */
  analyseWindow(index: number, audio: Int16Array): Promise<WindowAnalysis>;
  gather(read: (index: number) => Promise<WindowAnalysis>): Gathering;
  close(): Promise<void>;
}

/** Of windows that are all there. */
export async function concludeAll(
  diarizer: Pick<Diarizer, 'gather'>,
  windows: readonly WindowAnalysis[],
  options: ConcludeOptions,
): Promise<Diarization> {
  const gathering = diarizer.gather(async (index) => windows[index]!);
  try {
    return await gathering.conclude(windows.length, options);
  } finally {
    gathering.close();
  }
}
