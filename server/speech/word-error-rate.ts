/** How far a text is from the one that was said. Pure. */
import { normalise } from './normalise.ts';

export interface WordErrors {
  substitutions: number;
  insertions: number;
  deletions: number;
  /** Words in the reference. */
  length: number;
  /** All errors over the reference's length; 0 for two empty texts, infinite for words against none. */
  rate: number;
}

const tokens = (text: string): string[] =>
  text
    .split(/\s+/u)
    .map(normalise)
    .filter((token) => token !== '');

/** A common beginning and end cost nothing in the best alignment, and most of two long texts is that. */
function differingPart(reference: string[], heard: string[]) {
  const shorter = Math.min(reference.length, heard.length);
  let before = 0;
  while (before < shorter && reference[before] === heard[before]) before++;
  let after = 0;
  while (after < shorter - before && reference.at(-1 - after) === heard.at(-1 - after)) after++;
  return {
    length: reference.length,
    said: reference.slice(before, reference.length - after),
    got: heard.slice(before, heard.length - after),
  };
}

/** The fewest edits that turn `reference` into `heard`, by Levenshtein distance over normalised words. */
export function wordErrorRate(reference: string, heard: string): WordErrors {
  const { length, said, got } = differingPart(tokens(reference), tokens(heard));
  type Cell = { cost: number; substitutions: number; insertions: number; deletions: number };
  let row: Cell[] = Array.from({ length: got.length + 1 }, (_, j) => ({
    cost: j,
    substitutions: 0,
    insertions: j,
    deletions: 0,
  }));
  for (let i = 1; i <= said.length; i++) {
    const next: Cell[] = [{ cost: i, substitutions: 0, insertions: 0, deletions: i }];
    for (let j = 1; j <= got.length; j++) {
      const diagonal = row[j - 1]!;
      const above = row[j]!;
      const left = next[j - 1]!;
      if (said[i - 1] === got[j - 1]) next.push(diagonal);
      else if (diagonal.cost <= above.cost && diagonal.cost <= left.cost)
        next.push({ ...diagonal, cost: diagonal.cost + 1, substitutions: diagonal.substitutions + 1 });
      else if (above.cost <= left.cost)
        next.push({ ...above, cost: above.cost + 1, deletions: above.deletions + 1 });
      else next.push({ ...left, cost: left.cost + 1, insertions: left.insertions + 1 });
    }
    row = next;
  }
  const { cost, substitutions, insertions, deletions } = row.at(-1)!;
  const rate = cost === 0 ? 0 : cost / length;
  return { substitutions, insertions, deletions, length, rate };
}
