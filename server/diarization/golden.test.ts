/** Every stage against what the original, pyannote.audio's community-1, did on real recordings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  GOLDEN_CLIPS,
  GOLDEN_PLDA,
  goldenMissing,
  readArray,
  readGoldenWindows,
  readVector,
} from '../../fixtures/golden.ts';
import { linkCentroids, normaliseRows } from './agglomerative.ts';
import { assignConstrained, NOBODY, scoreSpeakers } from './assign.ts';
import { THRESHOLD } from './clustering.ts';
import { compareTurns, errorRate } from './der.ts';
import { addStatistics, centroidsOf, nobody } from './find-speakers.ts';
import { cutTree } from './flat-clusters.ts';
import type { Matrix } from './matrix.ts';
import { toFloat64 } from './npz.ts';
import { conclude } from './pipeline.ts';
import { loadPlda } from './plda-files.ts';
import { castVotes, countSpeakers, reconstruct, releaseSilent, sumActivity } from './reconstruct.ts';
import { formatRttm, parseRttm } from './rttm.ts';
import { activeSpeakers, filterTraining } from './training-filter.ts';
import { clusterVbx } from './vbx.ts';

for (const { name, directory } of GOLDEN_CLIPS) {
  t.test(name, { skip: goldenMissing }, async (t) => {
    const numbers = (file: string, array: string, dimensions: number) =>
      toFloat64(readArray(directory, file, array, dimensions));
    const matrix = (file: string, array: string): Matrix => {
      const { shape } = readArray(directory, file, array, 2);
      return { rows: shape[0]!, columns: shape[1]!, data: numbers(file, array, 2) };
    };
    const windows = readGoldenWindows(directory);
    const plda = (await loadPlda(GOLDEN_PLDA))!;
    const training = filterTraining(windows);
    const expectedStart = Array.from(readVector(directory, 'ahc_init_labels.npy'));
    const features = matrix('plda_embeddings.npz', 'post_plda');
    const phi = numbers('plda_embeddings.npz', 'phi', 1);

    t.test('the same embeddings are kept for training', async (t) => {
      t.same(Array.from(training.windows), Array.from(numbers('plda_embeddings.npz', 'train_chunk_idx', 1)));
      t.same(
        Array.from(training.speakers),
        Array.from(numbers('plda_embeddings.npz', 'train_speaker_idx', 1)),
      );
    });

    t.test('the x-vector transform agrees to 1e-6 relative', async (t) => {
      const expected = matrix('plda_embeddings.npz', 'post_xvec');
      t.ok(relativeDifference(plda.xvector(training.embeddings), expected) <= 1e-6);
    });

    t.test('the PLDA agrees to 1e-6 relative, up to the sign of each dimension', async (t) => {
      const actual = plda.transform(plda.xvector(training.embeddings));
      t.ok(relativeDifference(withSignsOf(actual, features), features) <= 1e-6);
      t.ok(phi.every((value, d) => Math.abs(value - plda.phi[d]!) <= 1e-6 * value));
    });

    t.test('the agglomerative start has the same labels', async (t) => {
      t.equal(readArray(directory, 'ahc_state.npz', 'threshold', 0).data[0], THRESHOLD);
      const labels = cutTree(linkCentroids(normaliseRows(training.embeddings)), THRESHOLD);
      t.same(Array.from(labels), expectedStart);
    });

    t.test('VBx agrees to 1e-6 and takes as many steps', async (t) => {
      const result = clusterVbx(features, phi, Int32Array.from(expectedStart));
      const expected = matrix('vbx_state.npz', 'q_final');
      const { columns } = result.responsibilities;
      const worst = expected.data.reduce((most, value, index) => {
        const [row, speaker] = [Math.floor(index / expected.columns), index % expected.columns];
        return Math.max(most, Math.abs(value - result.responsibilities.data[speaker * columns + row]!));
      }, 0);
      t.ok(worst <= 1e-6, `q_final differs by ${worst}`);
      t.ok(difference(result.priors, numbers('vbx_state.npz', 'sp_final', 1)) <= 1e-6);
      const trajectory = numbers('vbx_state.npz', 'elbo_trajectory', 1);
      t.equal(result.bounds.length, trajectory.length);
      t.ok(
        result.bounds.every((bound, step) => Math.abs(bound - trajectory[step]!) <= 1e-6 * Math.abs(bound)),
      );
    });

    t.test('centroids and scores agree, hard clusters are identical', async (t) => {
      const speakersFirst = transposed(matrix('vbx_state.npz', 'q_final'));
      const priors = numbers('vbx_state.npz', 'sp_final', 1);
      const found = { responsibilities: speakersFirst, priors };
      const nobodyYet = nobody(features.columns, training.embeddings.columns);
      const centroids = centroidsOf(addStatistics(nobodyYet, found, features, training.embeddings));
      t.ok(difference(centroids.data, numbers('clustering.npz', 'centroids', 2)) <= 1e-6);
      const assigned = assignConstrained(windows.map(activeSpeakers), scoreSpeakers(windows, centroids));
      const expected = numbers('clustering.npz', 'hard_clusters', 2);
      t.same(
        assigned.flatMap((window) => Array.from(window, original)),
        Array.from(expected),
      );
    });

    t.test('count and discrete diarization are identical', async (t) => {
      const count = countSpeakers(sumActivity(windows));
      t.same(count, numbers('reconstruction.npz', 'count', 2));
      const hard = numbers('clustering.npz', 'hard_clusters', 2).map((cluster) =>
        cluster === -2 ? NOBODY : cluster,
      );
      const assigned = windows.map(({ speakers }, at) =>
        Int32Array.from(hard.subarray(at * speakers, (at + 1) * speakers)),
      );
      const grid = reconstruct(
        castVotes(windows, releaseSilent(windows.map(activeSpeakers), assigned)),
        count,
      );
      const expected = readArray(directory, 'reconstruction.npz', 'discrete_diarization', 2);
      t.same([grid.frames, grid.speakers], expected.shape);
      t.ok(grid.data.every((value, index) => value === expected.data[index]));
    });

    t.test('from the networks’ answers alone: 0 % diarization error without a collar', async (t) => {
      const result = conclude(windows, { duration: Number.POSITIVE_INFINITY }, { plda });
      const reference = [...parseRttm(readFileSync(join(directory, 'reference.rttm'), 'utf8')).values()][0]!;
      const written = parseRttm(formatRttm(name, result.turns)).get(name)!;
      const rate = errorRate(compareTurns(reference, written));
      t.ok(rate <= 0.0005, `the error rate is ${rate}`);
      t.equal(result.method, 'community-1');
      t.same(result.warnings, []);
    });
  });
}

function original(cluster: number): number {
  return cluster === NOBODY ? -2 : cluster;
}

function difference(actual: Float64Array, expected: Float64Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return actual.reduce((most, value, index) => Math.max(most, Math.abs(value - expected[index]!)), 0);
}

/** The greatest difference, as a share of the length of the row that it is in. */
function relativeDifference(actual: Matrix, expected: Matrix): number {
  const { rows, columns } = expected;
  return Math.max(
    ...Array.from({ length: rows }, (_, row) => {
      const [from, to] = [row * columns, (row + 1) * columns];
      const values = expected.data.subarray(from, to);
      return difference(actual.data.subarray(from, to), values) / Math.hypot(...values);
    }),
  );
}

/** The sign of an eigenvector is free; one sign holds for the whole dimension. */
function withSignsOf(actual: Matrix, expected: Matrix): Matrix {
  const { columns } = actual;
  const agreement = new Float64Array(columns);
  actual.data.forEach((value, index) => {
    agreement[index % columns]! += value * expected.data[index]!;
  });
  return {
    ...actual,
    data: actual.data.map((value, index) => value * Math.sign(agreement[index % columns]!)),
  };
}

function transposed({ rows, columns, data }: Matrix): Matrix {
  const flipped = new Float64Array(data.length);
  data.forEach((value, index) => {
    flipped[(index % columns) * rows + Math.floor(index / columns)] = value;
  });
  return { rows: columns, columns: rows, data: flipped };
}
