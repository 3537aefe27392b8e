/**
 * VBx: Bayesian clustering of embeddings with one Gaussian a speaker in the PLDA space (Landini et al., "Bayesian HMM
 * clustering of x-vector sequences (VBx) in speaker diarization"), in the form without a Markov chain that
 * pyannote.audio uses. Numbers in brackets are the paper's equations.
 */
import { dot, type Matrix, multiplyTransposed, rowSums, rowsAt, transpose, zeros } from './matrix.ts';

export interface VbxOptions {
  /** Scales the statistics. */
  readonly fa: number;
  /** Regularises: higher values leave fewer speakers. */
  readonly fb: number;
  readonly maximumIterations: number;
  /** Stops once the lower bound grows by less. */
  readonly epsilon: number;
  /** How strongly the agglomerative labels count at the start. */
  readonly smoothing: number;
}

export const VBX_DEFAULTS: VbxOptions = {
  fa: 0.07,
  fb: 0.8,
  maximumIterations: 20,
  epsilon: 1e-4,
  smoothing: 7,
};

/** What other embeddings have said of the first speakers already; their responsibilities stand. */
export interface KnownSpeakers {
  /** Sum of the responsibilities, per speaker. */
  readonly weights: Float64Array;
  /** The embeddings' features summed up by the responsibilities, speakers × dimensions. */
  readonly sums: Matrix;
}

export interface VbxResult {
  /** speakers × embeddings: the probability that the embedding is the speaker's. */
  readonly responsibilities: Matrix;
  /** The share of the embeddings that each speaker has; those that are not needed tend to 0. */
  readonly priors: Float64Array;
  /** The lower bound after each iteration. */
  readonly bounds: number[];
}

/** A speaker with less weight than this has a model that differs from the prior's by less than rounding shows in others. */
const NEGLIGIBLE = 1e-8;

/**
 * @param features embeddings × dimensions, from `Plda.transform`
 * @param phi variance between speakers per dimension
 * @param labels per embedding, the speaker to start from: 0, 1, …
 * @param known the first speakers, where there are embeddings besides these. To update the responsibilities of some only
 *   is a step of the same ascent (Neal and Hinton, "A view of the EM algorithm that justifies incremental variants").
 */
export function clusterVbx(
  features: Matrix,
  phi: Float64Array,
  labels: Int32Array,
  known: KnownSpeakers = { weights: new Float64Array(0), sums: zeros(0, phi.length) },
  options: VbxOptions = VBX_DEFAULTS,
): VbxResult {
  const { fa, fb, epsilon, maximumIterations } = options;
  const [n, dimensions] = [features.rows, features.columns];
  const scaled = (matrix: Matrix): Matrix => ({
    ...matrix,
    data: matrix.data.map((value, index) => value * Math.sqrt(phi[index % dimensions]!)), // (18)
  });
  const rho = scaled(features);
  const knownSums = scaled(known.sums);
  const rhoByDimension = transpose(rho);
  const constant = Float64Array.from({ length: n }, (_, row) => {
    const offset = row * dimensions;
    return (
      -0.5 *
      (dot(features.data, offset, features.data, offset, dimensions) + dimensions * Math.log(2 * Math.PI))
    );
  });
  let responsibilities = startFrom(labels, known.weights.length, options.smoothing);
  const speakers = responsibilities.rows;
  const addKnown = (sums: Float64Array) => {
    known.weights.forEach((weight, speaker) => {
      sums[speaker] = sums[speaker]! + weight;
    });
    return sums;
  };
  let weights = addKnown(rowSums(responsibilities));
  let priors = new Float64Array(speakers).fill(1 / speakers);
  const bounds: number[] = [];

  for (let iteration = 0; iteration < maximumIterations; iteration += 1) {
    const models = estimateModels({ responsibilities, weights, rhoByDimension, knownSums }, phi, fa / fb);
    const logs = zeros(speakers, n);
    const products = multiplyTransposed(models.means, rho);
    const prior = priors.map((value) => Math.log(value + 1e-8));
    let knownLikelihood = 0;
    for (let speaker = 0; speaker < speakers; speaker += 1) {
      const row = models.rowOf[speaker]!;
      const own = prior[speaker]! - 0.5 * fa * models.penalties[speaker]!;
      if (speaker < knownSums.rows) {
        const fit = dot(
          models.means.data,
          row * dimensions,
          knownSums.data,
          speaker * dimensions,
          dimensions,
        );
        knownLikelihood += fa * fit + known.weights[speaker]! * own;
      }
      for (let k = 0; k < n; k += 1) {
        const fit = row === -1 ? 0 : products.data[row * n + k]!;
        logs.data[speaker * n + k] = fa * (fit + constant[k]!) + own; // (23)
      }
    }
    const likelihood = normaliseColumns(logs);
    responsibilities = logs;
    weights = addKnown(rowSums(responsibilities));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    priors = weights.map((weight) => weight / total);
    bounds.push(likelihood + knownLikelihood + fb * 0.5 * models.divergence); // (25)
    if (iteration > 0 && bounds[iteration]! - bounds[iteration - 1]! < epsilon) break;
  }
  return { responsibilities, priors, bounds };
}

/** Softmax of the labels as one-hot rows times `smoothing`, of at least `fewest` speakers. */
function startFrom(labels: Int32Array, fewest: number, smoothing: number): Matrix {
  const n = labels.length;
  const speakers = labels.reduce((most, label) => Math.max(most, label + 1), Math.max(1, fewest));
  const total = Math.exp(smoothing) + speakers - 1;
  const start: Matrix = { rows: speakers, columns: n, data: new Float64Array(speakers * n).fill(1 / total) };
  labels.forEach((label, k) => {
    start.data[label * n + k] = Math.exp(smoothing) / total;
  });
  return start;
}

interface Models {
  /** Of the speakers that have weight: one row each; `rowOf` is -1 for the others, whose mean is 0. */
  readonly means: Matrix;
  readonly rowOf: Int32Array;
  /** Per speaker, what its uncertainty and its distance from the origin cost. */
  readonly penalties: Float64Array;
  readonly divergence: number;
}

interface Evidence {
  readonly responsibilities: Matrix;
  /** Per speaker, the sum of all responsibilities. */
  readonly weights: Float64Array;
  readonly rhoByDimension: Matrix;
  /** Of the first speakers, what comes from elsewhere. */
  readonly knownSums: Matrix;
}

function estimateModels(
  { responsibilities, weights, rhoByDimension, knownSums }: Evidence,
  phi: Float64Array,
  ratio: number,
): Models {
  const speakers = responsibilities.rows;
  const living = Array.from(weights.keys()).filter((speaker) => weights[speaker]! >= NEGLIGIBLE);
  const means = multiplyTransposed(rowsAt(responsibilities, living), rhoByDimension);
  const rowOf = new Int32Array(speakers).fill(-1);
  living.forEach((speaker, row) => {
    rowOf[speaker] = row;
    if (speaker >= knownSums.rows) return;
    for (let d = 0; d < phi.length; d += 1) {
      const at = row * phi.length + d;
      means.data[at] = means.data[at]! + knownSums.data[speaker * phi.length + d]!;
    }
  });
  const penalties = new Float64Array(speakers);
  let divergence = 0;
  for (let speaker = 0; speaker < speakers; speaker += 1) {
    const offset = rowOf[speaker]! * phi.length;
    let penalty = 0;
    for (let d = 0; d < phi.length; d += 1) {
      const variance = 1 / (1 + ratio * weights[speaker]! * phi[d]!); // (17)
      let mean = 0;
      if (offset >= 0) {
        mean = ratio * variance * means.data[offset + d]!; // (16)
        means.data[offset + d] = mean;
      }
      penalty += (variance + mean * mean) * phi[d]!;
      divergence += Math.log(variance) - variance - mean * mean + 1;
    }
    penalties[speaker] = penalty;
  }
  return { means, rowOf, penalties, divergence };
}

/** Turns log-likelihoods (speakers × embeddings) into responsibilities, in place; returns the total log-likelihood. */
function normaliseColumns({ rows, columns, data }: Matrix): number {
  const highest = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const value = data[row * columns + column]!;
      if (value > highest[column]!) highest[column] = value;
    }
  }
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const value = Math.exp(data[row * columns + column]! - highest[column]!);
      data[row * columns + column] = value;
      sums[column] = sums[column]! + value;
    }
  }
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const index = row * columns + column;
      data[index] = data[index]! / sums[column]!;
    }
  }
  return sums.reduce((total, sum, column) => total + highest[column]! + Math.log(sum), 0);
}
