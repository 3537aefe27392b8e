import t from 'tap';
import { createRandom } from './kmeans.ts';
import { dot, multiplyTransposed, transpose } from './matrix.ts';

t.test('the product is that of plain loops, whatever the shape', async (t) => {
  const seed = 3;
  t.comment(`seed ${seed}`);
  const random = createRandom(seed);
  const make = (rows: number, columns: number) => ({
    rows,
    columns,
    data: Float64Array.from({ length: rows * columns }, () => random() - 0.5),
  });
  for (const [rows, others, depth] of [
    [1, 1, 1],
    [3, 3, 2],
    [4, 7, 5],
    [50, 100, 33],
    [97, 2, 128],
  ] as const) {
    const [a, b] = [make(rows, depth), make(others, depth)];
    const product = multiplyTransposed(a, b);
    t.same([product.rows, product.columns], [rows, others]);
    const worst = product.data.reduce((most, value, index) => {
      const plain = dot(a.data, Math.floor(index / others) * depth, b.data, (index % others) * depth, depth);
      return Math.max(most, Math.abs(value - plain));
    }, 0);
    t.ok(worst < 1e-14, `${rows} × ${others} × ${depth} differs by ${worst}`);
  }
});

t.test('no rows make no product', async (t) => {
  t.equal(
    multiplyTransposed(
      { rows: 0, columns: 4, data: new Float64Array(0) },
      { rows: 1, columns: 4, data: new Float64Array(4) },
    ).rows,
    0,
  );
});

t.test('transposing twice changes nothing', async (t) => {
  const matrix = { rows: 2, columns: 3, data: Float64Array.of(1, 2, 3, 4, 5, 6) };
  t.same(Array.from(transpose(matrix).data), [1, 4, 2, 5, 3, 6]);
  t.same(transpose(transpose(matrix)), matrix);
});
