/** One start of a recorder: a stream of its own, which comes in pieces. */

export interface Piece {
  data: Uint8Array;
  mime: string;
  durationMs: number;
  /** Milliseconds since 1970, when the piece began. */
  capturedAt: number;
}

export interface EpochRecorder {
  /** Resolves after the last, partial piece has been given to `onPiece`. */
  stop(): Promise<void>;
}

export interface EpochOptions {
  stream: MediaStream;
  mime: string;
  /** Milliseconds; the length of a piece. */
  timeSlice: number;
  /** In order, cut anywhere, never empty. */
  onPiece(piece: Piece): void;
  /** The recorder has given up; what it held back has been delivered. */
  onFailure(): void;
}

export type StartEpoch = (options: EpochOptions) => Promise<EpochRecorder>;
