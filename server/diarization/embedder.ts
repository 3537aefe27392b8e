/** The port of the network that turns a voice into a vector. */

export interface Embedder {
  readonly name: string;
  /** Values in one embedding. */
  readonly dimension: number;
  /** Why the answers are unfit for clinical use, where the network is a stand-in. */
  readonly standIn?: string;
  /**
   * One embedding per mask of the same audio.
   *
   * @param audio `WINDOW_SAMPLES` samples from -1 to 1
   * @param masks per local speaker, one 0 or 1 a frame (`embeddingMasks`)
   * @returns masks × dimension, row by row; NaN where the mask is empty or the audio has no voice to measure
   */
  embed(audio: Float32Array, masks: readonly Uint8Array[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Frames in which a speaker must be heard alone for their overlapped speech to be left out, at 589 frames a window. */
export const LEAST_FRAMES_ALONE = 2;

/**
 * Per local speaker, the frames to embed: those in which nobody else speaks, or, where that are too few, all of theirs.
 * An embedder with a longer shortest input of `samples` needs ceil(frames × samples / `WINDOW_SAMPLES`) frames.
 *
 * @param activity frames × speakers, row by row, 0 or 1
 */
export function embeddingMasks(
  activity: Uint8Array,
  speakers: number,
  leastFrames = LEAST_FRAMES_ALONE,
): Uint8Array[] {
  const frames = activity.length / speakers;
  const together = new Uint8Array(frames);
  activity.forEach((value, index) => {
    together[Math.floor(index / speakers)]! += value;
  });
  return Array.from({ length: speakers }, (_, speaker) => {
    const all = Uint8Array.from({ length: frames }, (_, frame) => activity[frame * speakers + speaker]!);
    const alone = all.map((value, frame) => (together[frame] === 1 ? value : 0));
    const framesAlone = alone.reduce((sum, value) => sum + value, 0);
    return framesAlone > leastFrames ? alone : all;
  });
}
