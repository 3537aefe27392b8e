/** What the server and the process of the networks say to each other. */
import type { DiarizationMethod } from '../../../shared/events.ts';
import type { ConcludeOptions, Diarization, WindowAnalysis } from '../diarizer.ts';

/** The first message to the process: which networks to load. */
export interface NetworkOptions {
  /** Holds the ONNX files and the PLDA; where undefined, the stand-ins run. */
  readonly modelsDirectory: string | undefined;
  /** Of one inference. */
  readonly threads: number;
  readonly phantomSeconds: number;
}

export type Call =
  | { readonly method: 'load'; readonly options: NetworkOptions }
  | { readonly method: 'analyse'; readonly index: number; readonly audio: Int16Array }
  /** Of all windows gathered of the recording. */
  | { readonly method: 'conclude'; readonly recording: number; readonly options: ConcludeOptions };

/** Not answered. */
export type Notice =
  | {
      /** More windows of a recording: an hour of them in one message would hold up the sender. */
      readonly method: 'gather';
      readonly recording: number;
      readonly windows: readonly WindowAnalysis[];
      /** Those are all there are by now. */
      readonly upToDate: boolean;
    }
  | { readonly method: 'forget'; readonly recording: number };

export interface Results {
  load: { method: DiarizationMethod; embedder: string };
  analyse: WindowAnalysis;
  conclude: Diarization;
}

export type Request = Call & { readonly id: number };
export type Answer = { readonly id: number } & ({ readonly result: unknown } | { readonly failure: string });
