/**
 * Agglomerative clustering with centroid linkage: time grows with the square of the number of points in practice
 * (Müllner's generic algorithm with a heap of nearest-neighbour bounds), memory with half its square.
 */
import { type Matrix, multiplyTransposed, rowsOf, zeros } from './matrix.ts';
import { createMinHeap } from './min-heap.ts';

/** Merge k makes cluster n + k out of `left` < `right`; the points themselves are clusters 0 … n-1. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  /** Between the two centroids; with centroid linkage a later merge may be nearer than an earlier one. */
  readonly distance: number;
  readonly size: number;
}

/** Rows brought to length one, in single precision, as the original computes them. */
export function normaliseRows({ rows, columns, data }: Matrix<Float32Array>): Matrix {
  const result = zeros(rows, columns);
  for (let row = 0; row < rows; row += 1) {
    const values = data.subarray(row * columns, (row + 1) * columns);
    const length = Math.fround(Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)));
    values.forEach((value, column) => {
      result.data[row * columns + column] = Math.fround(value / length);
    });
  }
  return result;
}

/** The n - 1 merges of n points (one a row) in the order in which they happen. */
export function linkCentroids(points: Matrix): Merge[] {
  const n = points.rows;
  if (n < 2) return [];
  const distances = pairwiseDistances(points);
  /** Distances are kept once for each pair: that of x < y is at offset[x] + y. */
  const offset = Int32Array.from({ length: n }, (_, x) => (x * (2 * n - x - 1)) / 2 - x - 1);
  const at = (x: number, y: number) => (x < y ? offset[x]! + y : offset[y]! + x);
  const size = new Int32Array(n).fill(1);
  const id = Int32Array.from({ length: n }, (_, x) => x);
  const neighbour = new Int32Array(n - 1);

  /** The nearest living cluster in a later row; there is one, since of two that merge the later row lives on. */
  const findNearest = (x: number): number => {
    let nearest = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let y = x + 1; y < n; y += 1) {
      const distance = distances[offset[x]! + y]!;
      if (size[y] === 0 || distance >= least) continue;
      least = distance;
      nearest = y;
    }
    return nearest;
  };
  const bounds = new Float64Array(n - 1);
  for (let x = 0; x < n - 1; x += 1) {
    neighbour[x] = findNearest(x);
    bounds[x] = distances[at(x, neighbour[x]!)]!;
  }
  const heap = createMinHeap(bounds);

  const merges: Merge[] = [];
  for (let step = 0; step < n - 1; step += 1) {
    let x = heap.top();
    // A bound may be lower than the true distance: the cluster that was nearest may have moved.
    while (heap.valueOf(x) !== distances[at(x, neighbour[x]!)]) {
      neighbour[x] = findNearest(x);
      heap.change(x, distances[at(x, neighbour[x]!)]!);
      x = heap.top();
    }
    heap.removeTop();
    const y = neighbour[x]!;
    const distance = distances[at(x, y)]!;
    const [nx, ny] = [size[x]!, size[y]!];
    const total = nx + ny;
    merges.push({ left: Math.min(id[x]!, id[y]!), right: Math.max(id[x]!, id[y]!), distance, size: total });
    size[x] = 0;
    size[y] = total;
    id[y] = n + step;

    const shift = (nx * ny * distance * distance) / total;
    for (let z = 0; z < n; z += 1) {
      if (size[z] === 0 || z === y) continue;
      const dx = distances[at(z, x)]!;
      const dy = distances[at(z, y)]!;
      const moved = Math.sqrt(Math.max(0, (nx * dx * dx + ny * dy * dy - shift) / total));
      distances[at(z, y)] = moved;
      if (z < x && neighbour[z] === x) neighbour[z] = y;
      if (z < y && moved < heap.valueOf(z)) {
        neighbour[z] = y;
        heap.change(z, moved);
      }
    }
    if (y < n - 1) {
      neighbour[y] = findNearest(y);
      heap.change(y, distances[at(y, neighbour[y]!)]!);
    }
  }
  return merges;
}

/** Euclidean, each pair once: 0-1, 0-2, …, 1-2, …. */
function pairwiseDistances(points: Matrix): Float64Array {
  const { rows: n, columns, data } = points;
  const distances = new Float64Array((n * (n - 1)) / 2);
  const squares = Float64Array.from({ length: n }, (_, row) =>
    data.subarray(row * columns, (row + 1) * columns).reduce((sum, value) => sum + value * value, 0),
  );
  // Products of all pairs at once would take twice the memory that the distances take.
  const strip = 240;
  let position = 0;
  for (let from = 0; from < n; from += strip) {
    const to = Math.min(from + strip, n);
    const products = multiplyTransposed(rowsOf(points, from, to), rowsOf(points, from, n));
    for (let x = from; x < to; x += 1) {
      for (let y = x + 1; y < n; y += 1) {
        let square = squares[x]! + squares[y]! - 2 * products.data[(x - from) * products.columns + y - from]!;
        // The difference of nearly equal numbers says nothing about points that nearly coincide.
        if (square < 1e-6) square = squareOfDifference(data, x * columns, y * columns, columns);
        distances[position] = Math.sqrt(square);
        position += 1;
      }
    }
  }
  return distances;
}

function squareOfDifference(data: Float64Array, x: number, y: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k += 1) sum += (data[x + k]! - data[y + k]!) ** 2;
  return sum;
}
