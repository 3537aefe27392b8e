/**
 * Probabilistic linear discriminant analysis: takes embeddings to a space in which a speaker's own variation has
 * identity covariance and that between speakers a diagonal one, `phi`.
 */
import { type Matrix, multiplyTransposed, transpose, zeros } from './matrix.ts';

/** The arrays of `xvec_transform.npz` (mean1, mean2, lda) and `plda.npz` (mu, tr, psi). */
export interface PldaWeights {
  readonly mean1: Float64Array;
  readonly mean2: Float64Array;
  /** embedding dimension × reduced dimension. */
  readonly lda: Matrix;
  readonly mu: Float64Array;
  readonly tr: Matrix;
  readonly psi: Float64Array;
}

export interface Plda {
  /** Centred, reduced by linear discriminants and brought to one length twice: n × reduced dimension. */
  xvector(embeddings: Matrix<Float32Array>): Matrix;
  /** From there into the space of `phi`: n × reduced dimension. */
  transform(xvectors: Matrix): Matrix;
  /** Variance between speakers per dimension, falling. */
  readonly phi: Float64Array;
}

export function createPlda(weights: PldaWeights): Plda {
  const { mean1, mean2, mu, tr, psi } = weights;
  check(weights);
  const reduction = transpose(weights.lda);
  // The original diagonalises W = (trᵀ·tr)⁻¹ and B = (trᵀ·diag(1/psi)·tr)⁻¹ together. Row i of `tr` satisfies
  // B·trᵢ = psiᵢ·W·trᵢ and trᵢᵀ·W·trᵢ = 1 by that definition, so the rows are the generalised eigenvectors and psi the
  // eigenvalues: what is left to do is to sort. Their signs are free, and no later step depends on them.
  const order = Array.from(psi.keys()).sort((a, b) => psi[b]! - psi[a]!);
  const projection = zeros(tr.rows, tr.columns);
  order.forEach((source, row) => {
    projection.data.set(tr.data.subarray(source * tr.columns, (source + 1) * tr.columns), row * tr.columns);
  });

  return {
    phi: Float64Array.from(order, (source) => psi[source]!),
    xvector(embeddings) {
      const centred = subtract(embeddings, mean1);
      scaleRows(centred, Math.sqrt(mean1.length));
      const reduced = subtract(multiplyTransposed(centred, reduction), mean2);
      scaleRows(reduced, Math.sqrt(mean2.length));
      return reduced;
    },
    transform: (xvectors) => multiplyTransposed(subtract(xvectors, mu), projection),
  };
}

function check({ mean1, mean2, lda, mu, tr, psi }: PldaWeights): void {
  const reduced = mean2.length;
  const fits =
    lda.rows === mean1.length &&
    lda.columns === reduced &&
    [mu.length, psi.length, tr.rows, tr.columns].every((length) => length === reduced);
  if (!fits) throw new Error('The arrays of the PLDA do not fit each other.');
}

function subtract(matrix: Matrix<Float64Array | Float32Array>, mean: Float64Array): Matrix {
  const { rows, columns, data } = matrix;
  if (columns !== mean.length)
    throw new Error(`The PLDA takes ${mean.length} dimensions, the embeddings have ${columns}.`);
  const centred = zeros(rows, columns);
  for (let index = 0; index < data.length; index += 1)
    centred.data[index] = data[index]! - mean[index % columns]!;
  return centred;
}

/** Gives every row the length `length`, in place. */
function scaleRows({ rows, columns, data }: Matrix, length: number): void {
  for (let row = 0; row < rows; row += 1) {
    const values = data.subarray(row * columns, (row + 1) * columns);
    const factor = length / Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    for (let column = 0; column < columns; column += 1) values[column] = values[column]! * factor;
  }
}
