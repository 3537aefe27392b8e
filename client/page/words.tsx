import type { Word } from '../../shared/transcript.ts';
import { dictionary } from './i18n.ts';

/** Below it a word is marked as one to look at twice. */
const unsure = 0.5;

/** Words in a row. Runs of sure words are one piece of text, so that a long transcript stays light. */
export function Words({ words }: { words: readonly Word[] }) {
  const pieces: (string | Word)[] = [];
  for (const word of words) {
    const last = pieces.at(-1);
    if (word.probability < unsure) pieces.push(word);
    else if (typeof last === 'string') pieces[pieces.length - 1] = `${last} ${word.text}`;
    else pieces.push(word.text);
  }
  return pieces.map((piece, index) => [
    index > 0 ? ' ' : '',
    typeof piece === 'string' ? (
      piece
    ) : (
      <span key={`${piece.start}`} class="unsure" title={dictionary.value.unsure}>
        {piece.text}
      </span>
    ),
  ]);
}
