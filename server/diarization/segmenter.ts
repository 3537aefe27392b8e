/** The port of the network that hears who of three local speakers is active in a window. */

/** Samples of one window: ten seconds at 16 kHz. */
export const WINDOW_SAMPLES = 160000;

export interface Segmenter {
  readonly name: string;
  /** Why the answers are unfit for clinical use, where the network is a stand-in. */
  readonly standIn?: string;
  /**
   * @param windows of `WINDOW_SAMPLES` samples from -1 to 1 each, padded with silence
   * @returns per window 589 frames × 3 speakers, row by row, 0 or 1 (`decodePowerset`)
   */
  segment(windows: readonly Float32Array[]): Promise<Uint8Array[]>;
  close(): Promise<void>;
}
