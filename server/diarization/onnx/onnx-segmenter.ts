/** pyannote's segmentation-3.0: batch × 1 × 160000 samples to batch × 589 × 7 scores. */
import { basename } from 'node:path';
import { FRAMES_PER_WINDOW } from '../frames.ts';
import { decodePowerset, POWERSET } from '../powerset.ts';
import { type Segmenter, WINDOW_SAMPLES } from '../segmenter.ts';
import { withoutNaN } from '../window-audio.ts';
import { type NetworkFileOptions, openNetwork } from './open-network.ts';

const SCORES = FRAMES_PER_WINDOW * POWERSET.length;

/** @throws Error with the file's name where it is damaged or another network. */
export async function createOnnxSegmenter(path: string, options: NetworkFileOptions): Promise<Segmenter> {
  const network = await openNetwork(path, options);

  async function segment(windows: readonly Float32Array[]): Promise<Uint8Array[]> {
    const audio = new Float32Array(windows.length * WINDOW_SAMPLES);
    windows.forEach((window, position) => {
      audio.set(withoutNaN(window), position * WINDOW_SAMPLES);
    });
    const { data, shape } = await network.run(audio, [windows.length, 1, WINDOW_SAMPLES]);
    if (shape.join() !== [windows.length, FRAMES_PER_WINDOW, POWERSET.length].join()) {
      throw new Error(`${basename(path)} is not segmentation-3.0: it answers with ${shape.join(' × ')}.`);
    }
    return windows.map((_, position) =>
      decodePowerset(data.subarray(position * SCORES, (position + 1) * SCORES)),
    );
  }

  try {
    await segment([new Float32Array(WINDOW_SAMPLES)]);
  } catch (error) {
    await network.close();
    throw error;
  }
  return { name: basename(path), segment, close: network.close };
}
