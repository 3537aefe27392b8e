/** What the engine is told before it listens: the clinic's terms and the words said before. Pure. */
import { textOf, type Word } from '../../shared/transcript.ts';

/** Whisper keeps the last 224 tokens of a prompt. Terms take up to a token per two letters, plain text fewer. */
const LONGEST_VOCABULARY = 300;
const LONGEST_TEXT = 250;
/** Every token of a prompt takes a millisecond of somebody's waiting, and the words just before matter most. */
export const LIVE_TEXT = 80;

/** The terms stand first, as many as fit, so that the text before runs on into the audio. Empty where there is neither. */
export function promptFrom(
  vocabulary: readonly string[],
  wordsBefore: readonly Word[],
  longestText = LONGEST_TEXT,
): string {
  let terms = '';
  for (const term of vocabulary) {
    const longer = terms === '' ? term : `${terms}, ${term}`;
    if (longer.length > LONGEST_VOCABULARY) break;
    terms = longer;
  }
  const text: Word[] = [];
  let length = 0;
  for (const word of wordsBefore.toReversed()) {
    length += word.text.length + 1;
    if (length > longestText) break;
    text.unshift(word);
  }
  return [terms === '' ? '' : `${terms}.`, textOf(text)].filter((part) => part !== '').join(' ');
}
