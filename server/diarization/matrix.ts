/** Dense matrices, row by row, and the one product that the stages of clustering spend their time in. */
import { kernelWith, TILE } from './matrix-kernel.ts';

export interface Matrix<Values extends Float64Array | Float32Array = Float64Array> {
  readonly rows: number;
  readonly columns: number;
  /** rows × columns, row by row. */
  readonly data: Values;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

/** The matrix of rows `from` to `to` (exclusive); shares its data. */
export function rowsOf<Values extends Float64Array | Float32Array>(
  matrix: Matrix<Values>,
  from: number,
  to: number,
): Matrix<Values> {
  const data = matrix.data.subarray(from * matrix.columns, to * matrix.columns) as Values;
  return { rows: to - from, columns: matrix.columns, data };
}

export function rowSums({ rows, columns, data }: Matrix): Float64Array {
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let column = 0; column < columns; column += 1) sum += data[row * columns + column]!;
    sums[row] = sum;
  }
  return sums;
}

/** Copies of the rows with these numbers. */
export function rowsAt({ columns, data }: Matrix, numbers: readonly number[]): Matrix {
  const chosen = zeros(numbers.length, columns);
  numbers.forEach((number, row) => {
    chosen.data.set(data.subarray(number * columns, (number + 1) * columns), row * columns);
  });
  return chosen;
}

/** The rows of `a`, then those of `b`. */
export function stack<Values extends Float64Array | Float32Array>(
  a: Matrix<Values>,
  b: Matrix<Values>,
): Matrix<Values> {
  // Without rows there may be no columns either.
  if (a.rows === 0) return b;
  const rows = a.rows + b.rows;
  const data = new (a.data.constructor as new (length: number) => Values)(rows * a.columns);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return { rows, columns: a.columns, data };
}

export function transpose(matrix: Matrix<Float64Array | Float32Array>): Matrix {
  const { rows, columns, data } = matrix;
  const result = zeros(columns, rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      result.data[column * rows + row] = data[row * columns + column]!;
    }
  }
  return result;
}

/** Rows of `a` that stay in the processor's cache while all of `b` passes by. */
const BLOCK = 48;

/** a · bᵀ: the inner product of every row of `a` with every row of `b`, as a.rows × b.rows. */
export function multiplyTransposed(a: Matrix<Float64Array | Float32Array>, b: Matrix): Matrix {
  // The kernel takes whole tiles of rows, of which the surplus is left out of the product, and pairs of numbers.
  const depth = roundUp(a.columns, 2);
  const [rows, width] = [roundUp(a.rows, TILE), roundUp(b.rows, TILE)];
  const [bStart, outStart] = [rows * depth, (rows + width) * depth];
  const { kernel, memory } = kernelWith(8 * (outStart + rows * width));
  copyRows(a, memory, 0, depth);
  copyRows(b, memory, bStart, depth);
  for (let block = 0; block < rows; block += BLOCK) {
    const end = Math.min(block + BLOCK, rows);
    for (let j = 0; j < width; j += TILE) {
      for (let i = block; i < end; i += TILE) {
        kernel.tile(
          8 * i * depth,
          8 * (bStart + j * depth),
          8 * depth,
          8 * (outStart + i * width + j),
          8 * width,
        );
      }
    }
  }
  const product = zeros(a.rows, b.rows);
  for (let row = 0; row < a.rows; row += 1) {
    const from = outStart + row * width;
    product.data.set(memory.subarray(from, from + b.rows), row * b.rows);
  }
  return product;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

function copyRows(
  { rows, columns, data }: Matrix<Float64Array | Float32Array>,
  memory: Float64Array,
  start: number,
  depth: number,
): void {
  if (columns === depth) memory.set(data, start);
  else
    for (let row = 0; row < rows; row += 1) {
      const end = start + (row + 1) * depth;
      memory.set(data.subarray(row * columns, (row + 1) * columns), end - depth);
      memory.fill(0, end - depth + columns, end);
    }
}

/** Inner product of `length` values of `x` and of `y` from the given offsets on. */
export function dot(
  x: Float64Array | Float32Array,
  xOffset: number,
  y: Float64Array | Float32Array,
  yOffset: number,
  length: number,
): number {
  let sum = 0;
  for (let k = 0; k < length; k += 1) sum += x[xOffset + k]! * y[yOffset + k]!;
  return sum;
}
