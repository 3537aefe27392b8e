/** Gives words the times of another hearing of the same audio. Pure. */
import type { HeardWord } from './pocketsphinx-batch.ts';

/**
 * `words` in their order: those that stand beside a word of `timed`, the same or another, take its times; those between
 * share the room between them. `duration` is that of the audio, in seconds.
 */
export function placeWords(
  words: readonly HeardWord[],
  timed: readonly HeardWord[],
  duration: number,
): HeardWord[] {
  const aligned = alignedPairs(words, timed);
  const placed: HeardWord[] = [];
  let from = 0;
  let at = 0;
  for (const [word, other] of [...aligned, [words.length, undefined] as const]) {
    const anchor = other === undefined ? undefined : timed[other]!;
    const between = words.slice(at, word);
    const step = Math.max(0, (anchor?.start ?? duration) - from) / Math.max(1, between.length);
    between.forEach((each, index) => {
      placed.push({ ...each, start: from + index * step, end: from + (index + 1) * step });
    });
    if (anchor === undefined) break;
    placed.push({ ...words[word]!, start: anchor.start, end: anchor.end });
    from = anchor.end;
    at = word + 1;
  }
  return placed;
}

/** Index pairs of the alignment with the fewest changes; a word in another's place stands beside it. */
function alignedPairs(words: readonly HeardWord[], timed: readonly HeardWord[]): [number, number][] {
  const width = timed.length + 1;
  const changes = new Uint16Array((words.length + 1) * width);
  const at = (word: number, other: number) => changes[word * width + other]!;
  const beside = (word: number, other: number) =>
    at(word + 1, other + 1) + (words[word]!.text === timed[other]!.text ? 0 : 1);
  for (let word = words.length; word >= 0; word -= 1) {
    for (let other = timed.length; other >= 0; other -= 1) {
      const [wordsLeft, othersLeft] = [words.length - word, timed.length - other];
      changes[word * width + other] =
        wordsLeft === 0 || othersLeft === 0
          ? wordsLeft + othersLeft
          : Math.min(beside(word, other), at(word + 1, other) + 1, at(word, other + 1) + 1);
    }
  }
  const pairs: [number, number][] = [];
  for (let word = 0, other = 0; word < words.length && other < timed.length; ) {
    if (at(word, other) === beside(word, other)) pairs.push([word++, other++]);
    else if (at(word, other) === at(word + 1, other) + 1) word += 1;
    else other += 1;
  }
  return pairs;
}
