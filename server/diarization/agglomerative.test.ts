import t from 'tap';
import { linkCentroids } from './agglomerative.ts';
import { cutTree } from './flat-clusters.ts';
import { createRandom } from './kmeans.ts';
import type { Matrix } from './matrix.ts';

const points = (...rows: number[][]): Matrix => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  data: Float64Array.from(rows.flat()),
});

t.test('merges come nearest first, at the distance of centroids', async (t) => {
  const merges = linkCentroids(points([0], [10], [1], [4]));
  t.same(merges, [
    { left: 0, right: 2, distance: 1, size: 2 },
    { left: 3, right: 4, distance: 3.5, size: 3 },
    { left: 1, right: 5, distance: 10 - 5 / 3, size: 4 },
  ]);
  t.same(Array.from(cutTree(merges, 3.5)), [0, 1, 0, 0]);
});

t.test('a limit on the number of clusters raises the threshold just as far as needed', async (t) => {
  const merges = linkCentroids(points([0], [10], [1], [4]));
  t.equal(new Set(cutTree(merges, 0.5)).size, 4);
  for (const most of [4, 3, 2, 1]) t.equal(new Set(cutTree(merges, 0.5, most)).size, most);
  t.equal(new Set(cutTree(merges, 3.5, 3)).size, 2, 'a threshold that leaves fewer stands');
});

t.test('a merge that comes nearer than the one within it is judged by the farther', async (t) => {
  const height = Math.sqrt(3) / 2;
  const merges = linkCentroids(points([0, 0], [1, 0], [0.5, height + 0.05]));
  t.ok(merges[1]!.distance < merges[0]!.distance);
  t.equal(new Set(cutTree(merges, (merges[0]!.distance + merges[1]!.distance) / 2)).size, 3);
});

t.test('equal points, one point, no point', async (t) => {
  t.same(Array.from(cutTree(linkCentroids(points([1, 2], [1, 2], [1, 2])), 0)), [0, 0, 0]);
  t.same(Array.from(cutTree(linkCentroids(points([1, 2])), 0.6)), [0]);
  t.same(linkCentroids(points()), []);
});

t.test(
  'labels are those of scipy 1.17 (linkage "centroid", fcluster "distance") on made-up points',
  async (t) => {
    const random = createRandom(7);
    const made = { rows: 30, columns: 3, data: Float64Array.from({ length: 90 }, random) };
    t.same(
      Array.from(cutTree(linkCentroids(made), 0.35)),
      [10, 6, 4, 2, 6, 4, 7, 2, 4, 9, 6, 1, 2, 3, 7, 5, 6, 3, 2, 2, 6, 1, 4, 1, 0, 8, 4, 0, 6, 6],
    );
  },
);
