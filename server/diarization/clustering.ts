/** From the voices of local speakers to global ones: filtering, agglomeration, PLDA, VBx, centroids, assignment. */
import { linkCentroids, normaliseRows } from './agglomerative.ts';
import { assignConstrained, assignNearest, scoreSpeakers } from './assign.ts';
import type { WindowAnalysis } from './diarizer.ts';
import { centroidsOf, findSpeakers } from './find-speakers.ts';
import { cutTree } from './flat-clusters.ts';
import { clusterKMeans, createRandom } from './kmeans.ts';
import { dot, type Matrix, rowsOf, stack, zeros } from './matrix.ts';
import type { Plda } from './plda.ts';
import { filterTraining, thin } from './training-filter.ts';
import type { WarmStart } from './warm-start.ts';

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
/** Of the k-means start, so that the same recording gives the same answer. */
const SEED = 42;

/**
 * @param active from `activeSpeakers`, per window
 * @param earlier what was found among the first of the windows, where it is to be gone on from; needs the PLDA
 */
export function clusterWindows(
  windows: readonly WindowAnalysis[],
  active: readonly (readonly boolean[])[],
  bounds: SpeakerBounds,
  settings: ClusteringSettings = {},
  earlier?: WarmStart,
): Clusters {
  const since = filterTraining(earlier === undefined ? windows : windows.slice(earlier.windows));
  const chosen = thin(since, settings.trainingLimit ?? TRAINING_LIMIT).embeddings;
  const embeddings = earlier === undefined ? chosen : stack(earlier.embeddings, chosen);
  const counted = {
    available: since.embeddings.rows + (earlier?.available ?? 0),
    used: embeddings.rows,
  };
  if (embeddings.rows < 2) {
    const speakers = windows.map((window) => new Int32Array(window.speakers));
    const centroids = zeros(1, embeddings.columns);
    centroids.data.set(embeddings.data);
    return { speakers, centroids, ...counted };
  }
  const { centroids, forced } = findVoices(embeddings, bounds, settings, earlier);
  const scores = scoreSpeakers(windows, centroids);
  // A given number of speakers is kept to: the constraint could leave windows' speakers to nobody.
  const speakers = forced ? assignNearest(scores) : assignConstrained(active, scores);
  return { speakers, centroids, ...counted };
}

/**
 * One centroid per voice among the embeddings (at least two, one a row; the first are those of `earlier`).
 * `forced`: the number found was out of bounds, so that as many as the nearest bound says were made.
 */
export function findVoices(
  embeddings: Matrix<Float32Array>,
  bounds: SpeakerBounds,
  settings: ClusteringSettings = {},
  earlier?: WarmStart,
): { centroids: Matrix; forced: boolean } {
  const { plda, threshold = THRESHOLD } = settings;
  let centroids: Matrix;
  if (plda === undefined) {
    const labels = cutAlone(normaliseRows(embeddings), settings.aloneThreshold ?? ALONE_THRESHOLD);
    centroids = averageByLabel(embeddings, labels);
  } else {
    const since = rowsOf(embeddings, earlier?.embeddings.rows ?? 0, embeddings.rows);
    centroids = centroidsOf(findSpeakers(since, { plda, threshold }, earlier?.speakers));
  }
  const wanted = Math.min(Math.max(centroids.rows, bounds.minimum), bounds.maximum);
  if (wanted === centroids.rows) return { centroids, forced: false };
  const most = Math.min(wanted, embeddings.rows);
  const labels = clusterKMeans(normaliseRows(embeddings), most, createRandom(SEED));
  return { centroids: averageByLabel(embeddings, labels), forced: true };
}

/** Agglomeration alone finds many tiny clusters: each joins the most similar of those that are large enough. */
function cutAlone(points: Matrix, threshold: number): Int32Array {
  const labels = cutTree(linkCentroids(points), threshold);
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
