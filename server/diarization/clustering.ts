/** From the voices of local speakers to global ones: filtering, agglomeration, PLDA, VBx, centroids, assignment. */
import { linkCentroids, type Merge, normaliseRows } from './agglomerative.ts';
import { assignConstrained, assignNearest, scoreSpeakers } from './assign.ts';
import type { WindowAnalysis } from './diarizer.ts';
import { cutTree } from './flat-clusters.ts';
import { clusterKMeans, createRandom } from './kmeans.ts';
import { dot, type Matrix, multiplyTransposed, rowsOf, transpose, zeros } from './matrix.ts';
import type { Plda } from './plda.ts';
import { filterTraining, thin } from './training-filter.ts';
import { clusterVbx } from './vbx.ts';

export interface SpeakerBounds {
  /** At least 1. */
  readonly minimum: number;
  /** May be infinite. */
  readonly maximum: number;
}

export interface ClusteringSettings {
  /** Without it the agglomerative step decides alone. */
  readonly plda?: Plda;
  /** Of the agglomerative start, where VBx refines it. */
  readonly threshold?: number;
  /** Of the agglomerative step, where it decides alone. */
  readonly aloneThreshold?: number;
  /** Most embeddings to find the speakers by; of more, evenly spread ones are taken. Memory is 4 bytes times its square. */
  readonly trainingLimit?: number;
}

export interface Clusters {
  /** Per window, the global speaker of each local one, or `NOBODY`. */
  readonly speakers: Int32Array[];
  /** Global speakers × dimension; a row of zeros where nothing usable was heard. */
  readonly centroids: Matrix;
  /** How many embeddings could have been used to find the speakers, and how many were. */
  readonly available: number;
  readonly used: number;
}

/** The threshold of community-1. */
export const THRESHOLD = 0.6;
/** Those of pyannote's speaker-diarization-3.1, which clusters the same embeddings by this step alone. */
export const ALONE_THRESHOLD = 0.7045654963945799;
const ALONE_SMALLEST = 12;
export const TRAINING_LIMIT = 6000;
/**
 * Most speakers that VBx starts from, whose time and memory grow with them. Real recordings start from one for every ten
 * to twenty embeddings; only voices without any order, noise for instance, come to this many.
 */
const START_LIMIT = 1000;
/** Responsibilities of speakers with a smaller prior are nobody's. */
const LEAST_PRIOR = 1e-7;
/** Of the k-means start, so that the same recording gives the same answer. */
const SEED = 42;

export function clusterWindows(
  windows: readonly WindowAnalysis[],
  bounds: SpeakerBounds,
  settings: ClusteringSettings = {},
): Clusters {
  const all = filterTraining(windows);
  const { embeddings } = thin(all, settings.trainingLimit ?? TRAINING_LIMIT);
  const counted = { available: all.embeddings.rows, used: embeddings.rows };
  if (embeddings.rows < 2) {
    const speakers = windows.map((window) => new Int32Array(window.speakers));
    const centroids = zeros(1, embeddings.columns);
    centroids.data.set(embeddings.data);
    return { speakers, centroids, ...counted };
  }
  const { centroids, forced } = findVoices(embeddings, bounds, settings);
  const scores = scoreSpeakers(windows, centroids);
  // A given number of speakers is kept to: the constraint could leave windows' speakers to nobody.
  const speakers = forced ? assignNearest(scores) : assignConstrained(windows, scores);
  return { speakers, centroids, ...counted };
}

/**
 * One centroid per voice among the embeddings (at least two, one a row).
 * `forced`: the number found was out of bounds, so that as many as the nearest bound says were made.
 */
export function findVoices(
  embeddings: Matrix<Float32Array>,
  bounds: SpeakerBounds,
  settings: ClusteringSettings = {},
): { centroids: Matrix; forced: boolean } {
  const normalised = normaliseRows(embeddings);
  const merges = linkCentroids(normalised);
  const { plda } = settings;
  let centroids: Matrix;
  if (plda === undefined) {
    const labels = cutAlone(normalised, merges, settings.aloneThreshold ?? ALONE_THRESHOLD);
    centroids = averageByLabel(embeddings, labels);
  } else {
    const start = cutTree(merges, settings.threshold ?? THRESHOLD, START_LIMIT);
    const features = plda.transform(plda.xvector(embeddings));
    const { responsibilities, priors } = clusterVbx(features, plda.phi, start);
    centroids = weightedAverages(embeddings, responsibilities, priors);
  }
  const wanted = Math.min(Math.max(centroids.rows, bounds.minimum), bounds.maximum);
  if (wanted === centroids.rows) return { centroids, forced: false };
  const labels = clusterKMeans(normalised, Math.min(wanted, embeddings.rows), createRandom(SEED));
  return { centroids: averageByLabel(embeddings, labels), forced: true };
}

/** Mean embedding of each speaker that VBx kept, weighted by its responsibilities. */
export function weightedAverages(
  embeddings: Matrix<Float32Array>,
  responsibilities: Matrix,
  priors: Float64Array,
): Matrix {
  const kept = Array.from(priors.keys()).filter((speaker) => priors[speaker]! > LEAST_PRIOR);
  const weights = zeros(kept.length, embeddings.rows);
  kept.forEach((speaker, cluster) => {
    const row = rowsOf(responsibilities, speaker, speaker + 1).data;
    const total = row.reduce((sum, weight) => sum + weight, 0);
    weights.data.set(
      row.map((weight) => weight / total),
      cluster * weights.columns,
    );
  });
  return multiplyTransposed(weights, transpose(embeddings));
}

/** Agglomeration alone finds many tiny clusters: each joins the most similar of those that are large enough. */
function cutAlone(points: Matrix, merges: readonly Merge[], threshold: number): Int32Array {
  const labels = cutTree(merges, threshold);
  const smallest = Math.min(ALONE_SMALLEST, Math.max(1, Math.round(0.1 * points.rows)));
  const centroids = averageByLabel(points, labels);
  const sizes = new Int32Array(centroids.rows);
  for (const label of labels) sizes[label] = sizes[label]! + 1;
  const large = Array.from(sizes.keys()).filter((cluster) => sizes[cluster]! >= smallest);
  if (large.length === 0) return labels.fill(0);
  const target = Array.from(sizes.keys(), (cluster) => {
    if (sizes[cluster]! >= smallest) return large.indexOf(cluster);
    const cosines = large.map((other) => cosineOfRows(centroids, cluster, other));
    return cosines.indexOf(Math.max(...cosines));
  });
  return labels.map((label) => target[label]!);
}

function averageByLabel(points: Matrix<Float64Array | Float32Array>, labels: Int32Array): Matrix {
  const { columns, data } = points;
  const clusters = labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  const averages = zeros(clusters, columns);
  const counts = new Float64Array(clusters);
  labels.forEach((label, row) => {
    counts[label] = counts[label]! + 1;
    for (let k = 0; k < columns; k += 1) {
      averages.data[label * columns + k] = averages.data[label * columns + k]! + data[row * columns + k]!;
    }
  });
  averages.data.forEach((sum, index) => {
    averages.data[index] = sum / counts[Math.floor(index / columns)]!;
  });
  return averages;
}

export function cosineOfRows({ columns, data }: Matrix, first: number, second: number): number {
  const [x, y] = [first * columns, second * columns];
  const lengths = Math.sqrt(dot(data, x, data, x, columns) * dot(data, y, data, y, columns));
  return lengths === 0 ? 0 : dot(data, x, data, y, columns) / lengths;
}
