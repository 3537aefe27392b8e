/** The speakers among embeddings, by an agglomerative start and VBx; where some are known already, besides those. */
import { linkCentroids, normaliseRows } from './agglomerative.ts';
import { cutTree } from './flat-clusters.ts';
import { type Matrix, multiplyTransposed, rowSums, rowsAt, transpose, zeros } from './matrix.ts';
import type { Plda } from './plda.ts';
import { clusterVbx, type KnownSpeakers, type VbxResult } from './vbx.ts';

/** Per speaker, what all embeddings say of them. */
export interface SpeakerStatistics extends KnownSpeakers {
  /** The embeddings themselves summed up by the responsibilities, speakers × dimension. */
  readonly totals: Matrix;
}

export interface SpeakerSettings {
  readonly plda: Plda;
  /** Of the agglomeration. */
  readonly threshold: number;
}

/**
 * Most speakers that VBx starts from, with which its time and memory grow. Real recordings start from one for every ten
 * to twenty embeddings; only voices without any order, noise for instance, come to this many.
 */
const START_LIMIT = 1000;
/** Responsibilities of speakers with a smaller prior are nobody's. */
const LEAST_PRIOR = 1e-7;

/** @param embeddings n × dimension; `known`: what others have said of the speakers, which stands */
export function findSpeakers(
  embeddings: Matrix<Float32Array>,
  { plda, threshold }: SpeakerSettings,
  known: SpeakerStatistics = nobody(plda.phi.length, embeddings.columns),
): SpeakerStatistics {
  if (embeddings.rows === 0) return known;
  const tree = linkCentroids(normaliseRows(embeddings));
  const first = known.weights.length;
  const labels = cutTree(tree, threshold, START_LIMIT).map((label) => first + label);
  const features = plda.transform(plda.xvector(embeddings));
  return addStatistics(known, clusterVbx(features, plda.phi, labels, known), features, embeddings);
}

/** Of the speakers that VBx has kept. */
export function addStatistics(
  known: SpeakerStatistics,
  { responsibilities, priors }: Pick<VbxResult, 'responsibilities' | 'priors'>,
  features: Matrix,
  embeddings: Matrix<Float32Array>,
): SpeakerStatistics {
  const kept = Array.from(priors.keys()).filter((speaker) => priors[speaker]! > LEAST_PRIOR);
  const shares = rowsAt(responsibilities, kept);
  const withKnown = (sums: Matrix, before: Matrix): Matrix => {
    kept.forEach((speaker, row) => {
      if (speaker >= before.rows) return;
      for (let column = 0; column < sums.columns; column += 1) {
        const at = row * sums.columns + column;
        sums.data[at] = sums.data[at]! + before.data[speaker * sums.columns + column]!;
      }
    });
    return sums;
  };
  return {
    weights: rowSums(shares).map((weight, row) => weight + (known.weights[kept[row]!] ?? 0)),
    sums: withKnown(multiplyTransposed(shares, transpose(features)), known.sums),
    totals: withKnown(multiplyTransposed(shares, transpose(embeddings)), known.totals),
  };
}

/** The mean embedding of each speaker. */
export function centroidsOf({ weights, totals }: SpeakerStatistics): Matrix {
  const data = totals.data.map((total, index) => total / weights[Math.floor(index / totals.columns)]!);
  return { ...totals, data };
}

export function nobody(reduced: number, dimension: number): SpeakerStatistics {
  return { weights: new Float64Array(0), sums: zeros(0, reduced), totals: zeros(0, dimension) };
}
