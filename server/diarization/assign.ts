/** Which global speaker each local speaker of each window is. */
import { assignRows } from './assignment.ts';
import type { WindowAnalysis } from './diarizer.ts';
import { dot, type Matrix, multiplyTransposed, rowsOf } from './matrix.ts';
import { dimensionOf } from './training-filter.ts';

/** Where a local speaker is given to no global one; the original writes -2. */
export const NOBODY = -1;

/** Windows whose voices are compared at once. */
const STRIP = 200;

/** Per window: local speakers × global speakers, 1 plus the cosine of the two voices; NaN where the embedding is not usable. */
export function scoreSpeakers(windows: readonly WindowAnalysis[], centroids: Matrix): Matrix[] {
  const lengths = lengthsOfRows(centroids);
  const scores: Matrix[] = [];
  for (let from = 0; from < windows.length; from += STRIP) {
    const strip = windows.slice(from, from + STRIP);
    const voices = stackVoices(strip);
    const products = multiplyTransposed(voices, centroids);
    const voiceLengths = lengthsOfRows(voices);
    let at = 0;
    for (const voiceLength of voiceLengths) {
      for (const length of lengths) {
        const cosine = products.data[at]! / (voiceLength * length);
        products.data[at] = 1 + Math.max(-1, Math.min(1, cosine));
        at += 1;
      }
    }
    let row = 0;
    for (const { speakers } of strip) {
      scores.push(rowsOf(products, row, row + speakers));
      row += speakers;
    }
  }
  return scores;
}

/**
 * No two local speakers of a window are the same person. Where there are more of them than global speakers, the least
 * fitting are `NOBODY`. Those who never speak in a window score below everybody, so that they displace nobody.
 *
 * @param active from `activeSpeakers`, per window
 */
export function assignConstrained(
  active: readonly (readonly boolean[])[],
  scores: readonly Matrix[],
): Int32Array[] {
  const least = lowest(scores);
  return scores.map((matrix, position) => {
    const speaks = active[position]!;
    const data = matrix.data.slice();
    for (let at = 0, speaker = 0; speaker < matrix.rows; speaker += 1) {
      for (const end = at + matrix.columns; at < end; at += 1) {
        if (!speaks[speaker]) data[at] = least - 1;
        else if (Number.isNaN(data[at]!)) data[at] = least;
      }
    }
    return assignRows({ ...matrix, data });
  });
}

/** Everyone to the most similar voice, even if two of one window share it. */
export function assignNearest(scores: readonly Matrix[]): Int32Array[] {
  return scores.map(({ rows, columns, data }) =>
    Int32Array.from({ length: rows }, (_, speaker) => {
      let best = 0;
      for (let cluster = 1; cluster < columns; cluster += 1) {
        if (data[speaker * columns + cluster]! > data[speaker * columns + best]!) best = cluster;
      }
      return best;
    }),
  );
}

function lowest(scores: readonly Matrix[]): number {
  let least = 0;
  let found = false;
  for (const { data } of scores) {
    for (const score of data) {
      if (Number.isNaN(score) || (found && score >= least)) continue;
      least = score;
      found = true;
    }
  }
  return least;
}

function lengthsOfRows({ rows, columns, data }: Matrix<Float64Array | Float32Array>): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) =>
    Math.sqrt(dot(data, row * columns, data, row * columns, columns)),
  );
}

/** The voices of all local speakers, one a row. */
function stackVoices(windows: readonly WindowAnalysis[]): Matrix<Float32Array> {
  const rows = windows.reduce((sum, { speakers }) => sum + speakers, 0);
  const columns = dimensionOf(windows[0]!);
  const data = new Float32Array(rows * columns);
  let at = 0;
  for (const { embeddings } of windows) {
    data.set(embeddings, at);
    at += embeddings.length;
  }
  return { rows, columns, data };
}
