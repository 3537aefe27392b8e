/**
 * WeSpeaker's ResNet34-LM: batch × frames × 80 filter banks to batch × dimension. The published file pools all frames
 * that it is given and takes no weights, so a speaker's frames are chosen before the network, as pyannote.audio does
 * with the same file (`ONNXWeSpeakerPretrainedSpeakerEmbedding`): the mean is subtracted over the whole window, then
 * the frames under the mask are put side by side.
 */
import { basename } from 'node:path';
import type { Embedder } from '../embedder.ts';
import { computeFilterBanks, type FilterBanks, MEL_BINS, subtractMean } from '../features.ts';
import { withoutNaN } from '../window-audio.ts';
import { type NetworkFileOptions, openNetwork } from './open-network.ts';

/** Fewer do not outlast the network's three halvings. */
const LEAST_FRAMES = 9;
/** For finding out what the network answers: a second. */
const PROBE_FRAMES = 98;

/** @throws Error with the file's name where it is damaged or another network. */
export async function createOnnxEmbedder(path: string, options: NetworkFileOptions): Promise<Embedder> {
  const network = await openNetwork(path, options);

  async function embedFrames(frames: Float32Array): Promise<Float32Array> {
    const { data, shape } = await network.run(frames, [1, frames.length / MEL_BINS, MEL_BINS]);
    if (shape.length !== 2 || shape[0] !== 1) {
      throw new Error(`${basename(path)} is not an embedding network: it answers with ${shape.join(' × ')}.`);
    }
    return data;
  }

  let dimension: number;
  try {
    dimension = (await embedFrames(new Float32Array(PROBE_FRAMES * MEL_BINS))).length;
  } catch (error) {
    await network.close();
    throw error;
  }
  return {
    name: basename(path),
    dimension,
    async embed(audio, masks) {
      const features = subtractMean(computeFilterBanks(withoutNaN(audio)));
      const embeddings = new Float32Array(masks.length * dimension).fill(Number.NaN);
      for (const [index, mask] of masks.entries()) {
        const frames = selectFrames(features, mask);
        if (frames.length < LEAST_FRAMES * MEL_BINS) continue;
        embeddings.set(await embedFrames(frames), index * dimension);
      }
      return embeddings;
    },
    close: network.close,
  };
}

/** The rows under the mask, which is stretched to as many frames (the nearest counts, as in PyTorch's `interpolate`). */
export function selectFrames({ frames, bins, data }: FilterBanks, mask: Uint8Array): Float32Array {
  const chosen = Array.from({ length: frames }, (_, frame) => frame).filter(
    (frame) => mask[Math.floor((frame * mask.length) / frames)] === 1,
  );
  const selected = new Float32Array(chosen.length * bins);
  chosen.forEach((frame, row) => {
    selected.set(data.subarray(frame * bins, (frame + 1) * bins), row * bins);
  });
  return selected;
}
