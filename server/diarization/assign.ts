/** Which global speaker each local speaker of each window is. */
import { assignRows } from './assignment.ts';
import type { WindowAnalysis } from './diarizer.ts';
import { dot, type Matrix, zeros } from './matrix.ts';
import { activeSpeakers, dimensionOf, embeddingOf } from './training-filter.ts';

/** Where a local speaker is given to no global one; the original writes -2. */
export const NOBODY = -1;

/** Per window: local speakers × global speakers, 1 plus the cosine of the two voices; NaN where the embedding is not usable. */
export function scoreSpeakers(windows: readonly WindowAnalysis[], centroids: Matrix): Matrix[] {
  const lengths = Float64Array.from({ length: centroids.rows }, (_, cluster) =>
    lengthOfRow(centroids, cluster),
  );
  return windows.map((window) => {
    const scores = zeros(window.speakers, centroids.rows);
    const dimension = dimensionOf(window);
    for (let speaker = 0; speaker < window.speakers; speaker += 1) {
      const embedding = embeddingOf(window, speaker);
      const length = Math.sqrt(dot(embedding, 0, embedding, 0, dimension));
      for (let cluster = 0; cluster < centroids.rows; cluster += 1) {
        const product = dot(embedding, 0, centroids.data, cluster * dimension, dimension);
        const cosine = product / (length * lengths[cluster]!);
        scores.data[speaker * centroids.rows + cluster] = 1 + Math.max(-1, Math.min(1, cosine));
      }
    }
    return scores;
  });
}

/**
 * No two local speakers of a window are the same person. Where there are more of them than global speakers, the least
 * fitting are `NOBODY`. Those who never speak in a window score below everybody, so that they displace nobody.
 */
export function assignConstrained(
  windows: readonly WindowAnalysis[],
  scores: readonly Matrix[],
): Int32Array[] {
  const least = lowest(scores);
  return scores.map((matrix, position) => {
    const active = activeSpeakers(windows[position]!);
    const data = matrix.data.map((score, index) => {
      if (!active[Math.floor(index / matrix.columns)]) return least - 1;
      return Number.isNaN(score) ? least : score;
    });
    return assignRows({ ...matrix, data });
  });
}

/** Everyone to the most similar voice, even if two of one window share it. */
export function assignNearest(scores: readonly Matrix[]): Int32Array[] {
  return scores.map(({ rows, columns, data }) =>
    Int32Array.from({ length: rows }, (_, speaker) => {
      let best = 0;
      for (let cluster = 1; cluster < columns; cluster += 1) {
        if (data[speaker * columns + cluster]! > data[speaker * columns + best]!) best = cluster;
      }
      return best;
    }),
  );
}

function lowest(scores: readonly Matrix[]): number {
  let least = 0;
  let found = false;
  for (const { data } of scores) {
    for (const score of data) {
      if (Number.isNaN(score) || (found && score >= least)) continue;
      least = score;
      found = true;
    }
  }
  return least;
}

function lengthOfRow({ columns, data }: Matrix, row: number): number {
  return Math.sqrt(dot(data, row * columns, data, row * columns, columns));
}
