/** Segmentation networks say which set of speakers is active; the pipeline wants to know of each speaker. */

/** The classes of segmentation-3.0: nobody, each of three speakers, each pair of them. */
export const POWERSET: readonly (readonly number[])[] = [[], [0], [1], [2], [0, 1], [0, 2], [1, 2]];
export const LOCAL_SPEAKERS = 3;

/**
 * @param scores frames × 7, row by row; logarithms or not, the greatest counts, the first of equal ones
 * @returns frames × 3, row by row, 0 or 1; a frame with a score that is not a number is silent
 */
export function decodePowerset(scores: Float32Array): Uint8Array {
  const frames = scores.length / POWERSET.length;
  if (!Number.isInteger(frames))
    throw new RangeError(`Segmentation must have ${POWERSET.length} scores a frame.`);
  const activity = new Uint8Array(frames * LOCAL_SPEAKERS);
  for (let frame = 0; frame < frames; frame += 1) {
    const row = scores.subarray(frame * POWERSET.length, (frame + 1) * POWERSET.length);
    if (row.some(Number.isNaN)) continue;
    for (const speaker of POWERSET[row.indexOf(Math.max(...row))]!)
      activity[frame * LOCAL_SPEAKERS + speaker] = 1;
  }
  return activity;
}
