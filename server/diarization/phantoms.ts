/** Where two or three people talk, a speaker heard for a moment only is nearly always one of the others. */
import { NOBODY } from './assign.ts';
import { cosineOfRows } from './clustering.ts';
import { FRAMES } from './frames.ts';
import type { Matrix } from './matrix.ts';
import { rowsOf, zeros } from './matrix.ts';
import type { FrameGrid } from './reconstruct.ts';

export interface Assigned {
  /** Per window, the global speaker of each local one, or `NOBODY`. */
  readonly speakers: Int32Array[];
  readonly centroids: Matrix;
}

/**
 * Gives one after another the speakers with less than `seconds` of speech to the one with the most similar voice, until
 * `fewest` are left. `gridOf` lays speakers out on the frame grid.
 */
export function absorbPhantoms(
  assigned: Assigned,
  gridOf: (speakers: Int32Array[]) => FrameGrid,
  seconds: number,
  fewest: number,
): Assigned {
  let { speakers, centroids } = assigned;
  while (centroids.rows > Math.max(1, fewest)) {
    const spoken = secondsOf(gridOf(speakers)).slice(0, centroids.rows);
    const phantom = spoken.indexOf(Math.min(...spoken));
    if (spoken[phantom]! >= seconds) break;
    const nearest = mostSimilar(centroids, phantom);
    const renumber = (cluster: number) => {
      if (cluster === NOBODY) return NOBODY;
      const target = cluster === phantom ? nearest : cluster;
      return target > phantom ? target - 1 : target;
    };
    speakers = speakers.map((window) => window.map(renumber));
    centroids = withoutRow(centroids, phantom);
  }
  return { speakers, centroids };
}

function secondsOf({ frames, speakers, data }: FrameGrid): number[] {
  const counts = new Array<number>(speakers).fill(0);
  for (let index = 0; index < frames * speakers; index += 1) counts[index % speakers]! += data[index]!;
  return counts.map((count) => count * FRAMES.step);
}

function mostSimilar(centroids: Matrix, cluster: number): number {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (let other = 0; other < centroids.rows; other += 1) {
    const cosine = cosineOfRows(centroids, cluster, other);
    if (other === cluster || cosine <= highest) continue;
    highest = cosine;
    best = other;
  }
  return best;
}

function withoutRow(matrix: Matrix, row: number): Matrix {
  const rest = zeros(matrix.rows - 1, matrix.columns);
  rest.data.set(rowsOf(matrix, 0, row).data);
  rest.data.set(rowsOf(matrix, row + 1, matrix.rows).data, row * matrix.columns);
  return rest;
}
