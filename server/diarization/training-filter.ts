/** Which embeddings are good enough to find the speakers by. */
import type { WindowAnalysis } from './diarizer.ts';
import type { Matrix } from './matrix.ts';

/** A speaker must be heard alone for this share of a window. */
const MINIMUM_ALONE = 0.2;

export interface TrainingSet {
  /** n × dimension. */
  readonly embeddings: Matrix<Float32Array>;
  /** Of each embedding, the position of its window among those given, and its local speaker. */
  readonly windows: Int32Array;
  readonly speakers: Int32Array;
}

/** Those of speakers heard alone for long enough, without those that are not numbers, in order of window and local speaker. */
export function filterTraining(windows: readonly WindowAnalysis[]): TrainingSet {
  const chosen: { window: number; speaker: number }[] = [];
  windows.forEach((window, position) => {
    const alone = framesAlone(window);
    for (let speaker = 0; speaker < window.speakers; speaker += 1) {
      if (alone[speaker]! < MINIMUM_ALONE * window.frames) continue;
      if (!isUsable(embeddingOf(window, speaker))) continue;
      chosen.push({ window: position, speaker });
    }
  });
  const dimension = windows.length === 0 ? 0 : dimensionOf(windows[0]!);
  const data = new Float32Array(chosen.length * dimension);
  chosen.forEach(({ window, speaker }, row) => {
    data.set(embeddingOf(windows[window]!, speaker), row * dimension);
  });
  return {
    embeddings: { rows: chosen.length, columns: dimension, data },
    windows: Int32Array.from(chosen, ({ window }) => window),
    speakers: Int32Array.from(chosen, ({ speaker }) => speaker),
  };
}

/** At most `limit` embeddings, evenly spread over the recording: agglomeration needs memory that grows with their square. */
export function thin(set: TrainingSet, limit: number): TrainingSet {
  const { rows, columns, data } = set.embeddings;
  if (rows <= limit) return set;
  const kept = Int32Array.from({ length: limit }, (_, position) => Math.floor((position * rows) / limit));
  const thinned = new Float32Array(limit * columns);
  kept.forEach((row, position) => {
    thinned.set(data.subarray(row * columns, (row + 1) * columns), position * columns);
  });
  return {
    embeddings: { rows: limit, columns, data: thinned },
    windows: kept.map((row) => set.windows[row]!),
    speakers: kept.map((row) => set.speakers[row]!),
  };
}

export function dimensionOf(window: WindowAnalysis): number {
  return window.embeddings.length / window.speakers;
}

export function embeddingOf(window: WindowAnalysis, speaker: number): Float32Array {
  const dimension = dimensionOf(window);
  return window.embeddings.subarray(speaker * dimension, (speaker + 1) * dimension);
}

/** Finite, and with a direction. */
export function isUsable(embedding: Float32Array): boolean {
  return embedding.every(Number.isFinite) && embedding.some((value) => value !== 0);
}

/** Per local speaker, whether any frame is theirs. */
export function activeSpeakers({ activity, speakers }: WindowAnalysis): boolean[] {
  return Array.from({ length: speakers }, (_, speaker) => {
    for (let at = speaker; at < activity.length; at += speakers) if (activity[at] !== 0) return true;
    return false;
  });
}

function framesAlone({ activity, frames, speakers }: WindowAnalysis): Int32Array {
  const alone = new Int32Array(speakers);
  for (let frame = 0; frame < frames; frame += 1) {
    let only = -1;
    let count = 0;
    for (let speaker = 0; speaker < speakers; speaker += 1) {
      if (activity[frame * speakers + speaker] === 0) continue;
      only = speaker;
      count += 1;
    }
    if (count === 1) alone[only] = alone[only]! + 1;
  }
  return alone;
}
