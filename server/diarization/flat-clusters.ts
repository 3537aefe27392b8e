/** Cutting a tree of merges into flat clusters, numbered as scipy's `fcluster` with the criterion `distance` numbers them. */
import type { Merge } from './agglomerative.ts';

/**
 * Per point, its cluster: 0, 1, … in the order in which the tree meets them; no merge within one is farther than
 * `threshold`, or than the least distance that leaves `most` clusters, where the threshold would leave more.
 */
export function cutTree(
  merges: readonly Merge[],
  threshold: number,
  most = Number.POSITIVE_INFINITY,
): Int32Array {
  const n = merges.length + 1;
  const labels = new Int32Array(n);
  if (n === 1) return labels;
  // Merges need not grow in distance, so a subtree is one cluster only where the farthest merge in it is near enough.
  const farthest = new Float64Array(merges.length);
  const below = (node: number) => (node < n ? 0 : farthest[node - n]!);
  merges.forEach(({ left, right, distance }, index) => {
    farthest[index] = Math.max(distance, below(left), below(right));
  });
  // Each merge that is near enough makes one cluster less.
  const needed = n - most;
  const limit = needed > 0 ? Math.max(threshold, farthest.slice().sort()[needed - 1]!) : threshold;

  let clusters = 0;
  const pending: { node: number; cluster: number }[] = [{ node: 2 * n - 2, cluster: -1 }];
  for (;;) {
    const next = pending.pop();
    if (next === undefined) return labels;
    let { node, cluster } = next;
    if (node >= n) {
      if (cluster === -1 && farthest[node - n]! <= limit) cluster = clusters++;
      const { left, right } = merges[node - n]!;
      pending.push(...inOrder(left, right, n).map((child) => ({ node: child, cluster })));
    } else {
      labels[node] = cluster === -1 ? clusters++ : cluster;
    }
  }
}

/** Children, last first: merged ones are walked before single points, the left before the right. */
function inOrder(left: number, right: number, n: number): [number, number] {
  if (left < n && right >= n) return [left, right];
  return [right, left];
}
