import t from 'tap';
import { assignRows } from './assignment.ts';
import { createRandom } from './kmeans.ts';
import type { Matrix } from './matrix.ts';

const scores = (...rows: number[][]): Matrix => ({
  rows: rows.length,
  columns: rows[0]?.length ?? 0,
  data: Float64Array.from(rows.flat()),
});

t.test('the greatest sum wins over the greatest single score', async (t) => {
  t.same(Array.from(assignRows(scores([9, 8], [8, 1]))), [1, 0]);
  t.same(Array.from(assignRows(scores([1, 2, 3], [3, 5, 4]))), [2, 1]);
  t.same(Array.from(assignRows(scores([1], [3], [2]))), [-1, 0, -1], 'more rows than columns');
  t.same(Array.from(assignRows(scores([4, 4, 4], [4, 4, 4]))), [0, 1], 'equal scores: row i gets column i');
  t.same(Array.from(assignRows(scores())), []);
});

t.test('a score that is not a number is refused', async (t) => {
  t.throws(() => assignRows(scores([1, Number.NaN])));
});

t.test('no other assignment is better', async (t) => {
  const seed = 11;
  t.comment(`seed ${seed}`);
  const random = createRandom(seed);
  for (let round = 0; round < 100; round += 1) {
    const matrix = scores(...Array.from({ length: 4 }, () => Array.from({ length: 5 }, random)));
    const sum = assignRows(matrix).reduce((total, column, row) => total + matrix.data[row * 5 + column]!, 0);
    t.ok(Math.abs(sum - bestSum(matrix, 0, [])) < 1e-12);
  }
});

function bestSum(matrix: Matrix, row: number, taken: number[]): number {
  if (row === matrix.rows) return 0;
  const free = Array.from({ length: matrix.columns }, (_, column) => column).filter(
    (column) => !taken.includes(column),
  );
  const sums = free.map(
    (column) => matrix.data[row * matrix.columns + column]! + bestSum(matrix, row + 1, [...taken, column]),
  );
  return Math.max(...sums);
}
