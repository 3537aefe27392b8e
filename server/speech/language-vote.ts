/** Which language is spoken, from what the engine says of each window (`auto`). Pure. */

/** As much speech as decides: seconds. */
export const DECIDING_SPEECH = 10;

export interface LanguageVote {
  /** `speech`: seconds of new speech in the window. */
  add(language: string, probability: number, speech: number): void;
  /** Seconds of speech that have voted. */
  readonly speech: number;
  /** The language with most speech behind it, each window weighing as much as the engine is sure of it. */
  result(): { language: string; probability: number } | undefined;
}

export function createLanguageVote(): LanguageVote {
  const weights = new Map<string, number>();
  let speech = 0;
  return {
    add(language, probability, seconds) {
      weights.set(language, (weights.get(language) ?? 0) + probability * seconds);
      speech += seconds;
    },
    get speech() {
      return speech;
    },
    result() {
      const [winner] = [...weights].sort((a, b) => b[1] - a[1]);
      if (winner === undefined || speech === 0) return undefined;
      return { language: winner[0], probability: Math.min(1, winner[1] / speech) };
    },
  };
}
