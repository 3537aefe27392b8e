/** k-means with the k-means++ start: the best of a few runs. For when the number of speakers is given. */
import { dot, type Matrix, zeros } from './matrix.ts';

const RUNS = 3;
const MAXIMUM_ITERATIONS = 300;

/** Numbers from 0 to 1, the same ones for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Per point (a row each), its cluster from 0 to clusters - 1; needs at least as many points as clusters. */
export function clusterKMeans(points: Matrix, clusters: number, random: () => number): Int32Array {
  let best: { labels: Int32Array; inertia: number } | undefined;
  for (let run = 0; run < RUNS; run += 1) {
    const result = refine(points, spread(points, clusters, random));
    if (best === undefined || result.inertia < best.inertia) best = result;
  }
  return best!.labels;
}

/** Each next centre is a point drawn with a chance that grows with the square of its distance from the centres so far. */
function spread(points: Matrix, clusters: number, random: () => number): Matrix {
  const { rows, columns, data } = points;
  const centres = zeros(clusters, columns);
  const nearest = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  let chosen = Math.floor(random() * rows);
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    centres.data.set(data.subarray(chosen * columns, (chosen + 1) * columns), cluster * columns);
    let total = 0;
    for (let row = 0; row < rows; row += 1) {
      nearest[row] = Math.min(nearest[row]!, squareBetween(points, row, centres, cluster));
      total += nearest[row]!;
    }
    let rest = random() * total;
    chosen = nearest.findIndex((square) => {
      rest -= square;
      return square > 0 && rest <= 0;
    });
    // Fewer distinct points than clusters: any point will do.
    if (chosen === -1) chosen = Math.floor(random() * rows);
  }
  return centres;
}

function refine(points: Matrix, centres: Matrix): { labels: Int32Array; inertia: number } {
  const { rows, columns, data } = points;
  const labels = new Int32Array(rows).fill(-1);
  let inertia = 0;
  for (let iteration = 0; iteration < MAXIMUM_ITERATIONS; iteration += 1) {
    let changed = false;
    let farthest = { row: 0, square: -1 };
    inertia = 0;
    for (let row = 0; row < rows; row += 1) {
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let cluster = 0; cluster < centres.rows; cluster += 1) {
        const square = squareBetween(points, row, centres, cluster);
        if (square >= least) continue;
        least = square;
        best = cluster;
      }
      if (least > farthest.square) farthest = { row, square: least };
      inertia += least;
      changed ||= labels[row] !== best;
      labels[row] = best;
    }
    const counts = new Float64Array(centres.rows);
    for (const label of labels) counts[label] = counts[label]! + 1;
    const empty = counts.indexOf(0);
    if (!changed && empty === -1) break;
    if (empty !== -1) {
      counts[labels[farthest.row]!] = counts[labels[farthest.row]!]! - 1;
      labels[farthest.row] = empty;
      counts[empty] = 1;
    }
    centres.data.fill(0);
    for (let row = 0; row < rows; row += 1) {
      const offset = labels[row]! * columns;
      const share = 1 / counts[labels[row]!]!;
      for (let k = 0; k < columns; k += 1) {
        centres.data[offset + k] = centres.data[offset + k]! + share * data[row * columns + k]!;
      }
    }
  }
  return { labels, inertia };
}

function squareBetween(points: Matrix, row: number, centres: Matrix, cluster: number): number {
  const { columns } = points;
  const [x, y] = [row * columns, cluster * columns];
  return (
    dot(points.data, x, points.data, x, columns) +
    dot(centres.data, y, centres.data, y, columns) -
    2 * dot(points.data, x, centres.data, y, columns)
  );
}
