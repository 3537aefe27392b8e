/**
 * Which speakers are voices that are known by name. Pure. A name is taken only by the speaker who is most like that
 * voice, from the one voice that this speaker is most like, and only when they are close enough: never the nearest by
 * default, and no name twice.
 */

export interface KnownVoice {
  readonly name: string;
  /** What made the embedding: only those of the same embedder compare. */
  readonly embedder: string;
  readonly embedding: Float32Array;
}

export interface HeardSpeakers {
  readonly embedder: string;
  /** One per speaker; zeros where nothing usable was heard. */
  readonly centroids: readonly Float32Array[];
}

/** @param threshold cosine from which two are the same voice @returns per speaker the name, if it is known */
export function nameSpeakers(
  { embedder, centroids }: HeardSpeakers,
  voices: readonly KnownVoice[],
  threshold: number,
): (string | undefined)[] {
  const comparable = voices.filter((voice) => voice.embedder === embedder);
  const alike = centroids.map((centroid) => comparable.map(({ embedding }) => cosine(centroid, embedding)));
  return alike.map((ofSpeaker, speaker) => {
    const voice = onlyBest(ofSpeaker);
    if (voice === undefined || ofSpeaker[voice]! < threshold) return undefined;
    const isTheirs = onlyBest(alike.map((row) => row[voice]!)) === speaker;
    return isTheirs ? comparable[voice]!.name : undefined;
  });
}

/** The index of the greatest value, undefined where two share it. */
function onlyBest(values: readonly number[]): number | undefined {
  const best = Math.max(...values);
  const first = values.indexOf(best);
  return first === -1 || values.indexOf(best, first + 1) !== -1 ? undefined : first;
}

/** -1, as unlike as can be, where either is no voice: of another length, zero, or with values that are no numbers. */
function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1;
  let [product, ofA, ofB] = [0, 0, 0];
  a.forEach((value, k) => {
    product += value * b[k]!;
    ofA += value * value;
    ofB += b[k]! * b[k]!;
  });
  const result = product / Math.sqrt(ofA * ofB);
  return Number.isFinite(result) ? result : -1;
}
