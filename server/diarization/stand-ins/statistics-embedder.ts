/** Embeddings without a network: the statistics of a voice, laid out so that their cosine says how alike two are. */

import type { Embedder } from '../embedder.ts';
import { SHIFT_SAMPLES } from '../features.ts';
import { createRandom } from '../kmeans.ts';
import { WINDOW_SAMPLES } from '../segmenter.ts';
import { withoutNaN } from '../window-audio.ts';
import { STAND_IN } from './voice-activity-segmenter.ts';
import { computeVoiceFeatures, VOICE_VALUES } from './voice-features.ts';
import { printVoice } from './voice-print.ts';

/** Pairs of a cosine and a sine. */
const PAIRS = 256;
/** Distance of two prints at which their embeddings' cosine is 0.6. */
const DIFFERENT = 10;
const KERNEL_WIDTH = DIFFERENT / Math.sqrt(2 * Math.log(1 / 0.6));
/** Euclidean distance of two embeddings of length one, for clustering. */
export const SAME_VOICE_DISTANCE = 0.8;
/** Fewer frames of 10 ms say nothing about a voice. */
const LEAST_FRAMES = 20;
const SEED = 7;

const directions = createDirections();

export function createStatisticsEmbedder(): Embedder {
  return {
    name: 'spectrum and pitch statistics',
    dimension: 2 * PAIRS,
    standIn: STAND_IN,
    async embed(audio, masks) {
      const features = computeVoiceFeatures(withoutNaN(audio));
      const embeddings = new Float32Array(masks.length * 2 * PAIRS).fill(Number.NaN);
      masks.forEach((mask, index) => {
        const chosen = Array.from({ length: features.frames }, (_, frame) => frame).filter(
          (frame) => mask[Math.floor((frame * SHIFT_SAMPLES * mask.length) / WINDOW_SAMPLES)] === 1,
        );
        if (chosen.length >= LEAST_FRAMES)
          embeddings.set(layOut(printVoice(features, chosen)), index * 2 * PAIRS);
      });
      return embeddings;
    },
    async close() {},
  };
}

/**
 * Random Fourier features (Rahimi and Recht 2007): the cosine of two embeddings approaches the Gaussian kernel of their
 * prints, 1 for the same voice and 0 for quite another, wherever in the space of voices the two lie.
 */
function layOut(print: Float64Array): Float32Array {
  const embedding = new Float32Array(2 * PAIRS);
  directions.forEach((direction, pair) => {
    const phase = direction.reduce((sum, weight, k) => sum + weight * print[k]!, 0);
    embedding[2 * pair] = Math.cos(phase) / Math.sqrt(PAIRS);
    embedding[2 * pair + 1] = Math.sin(phase) / Math.sqrt(PAIRS);
  });
  return embedding;
}

/** The same in every process: embeddings of today are compared with those of last year. */
function createDirections(): Float64Array[] {
  const random = createRandom(SEED);
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: PAIRS }, () =>
    Float64Array.from({ length: VOICE_VALUES }, () => gaussian() / KERNEL_WIDTH),
  );
}
