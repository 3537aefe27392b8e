/** Signs that a transcript is not to be trusted, from its words alone. Pure. */
import type { Word } from '../../shared/transcript.ts';
import { normalise } from './normalise.ts';

export interface QualityInput {
  words: readonly Word[];
  /** Seconds of speech found in the audio; the recording's length where that is not known. */
  speech: number;
  /** The session's language and what each stretch was heard as, where the engine says so. */
  language: string;
  heardAs: readonly string[];
  /** Words and segments that looked hallucinated and were left out. */
  dropped: number;
}

export interface Quality {
  wordsPerMinute: number;
  /** Share of the words that lie in a phrase said three times or more in a row, 0 to 1. */
  repetition: number;
  /** Share of stretches heard in the session's language, 0 to 1. */
  languageAgreement: number;
  /** Share of words below `LOW_PROBABILITY`, 0 to 1. */
  lowProbability: number;
  dropped: number;
  warnings: QualityWarning[];
}

export const qualityCodes = [
  'SPEECH_RATE',
  'REPETITION',
  'LANGUAGE_MIXED',
  'LOW_PROBABILITY',
  'TEXT_ON_SILENCE',
] as const;

export interface QualityWarning {
  code: (typeof qualityCodes)[number];
  message: string;
}

/** Words below this are marked in the text. */
export const LOW_PROBABILITY = 0.5;
/** Slow dictation to fast talk between two people; below a minute of speech the rate says little. */
const SPEECH_RATE = { from: 60, to: 260, speech: 60 };
const MOST_REPETITION = 0.05;
const LEAST_AGREEMENT = 0.8;
const MOST_LOW_PROBABILITY = 0.2;
/** Left-out text, in words and segments per hundred words kept. */
const MOST_DROPPED = 0.05;
const LONGEST_PHRASE = 6;
const percent = (share: number): string => `${Math.round(share * 100)} %`;

export function assessQuality(input: QualityInput): Quality {
  const { words, speech, language, heardAs, dropped } = input;
  const shareOf = (count: number, all: number) => (all === 0 ? 0 : count / all);
  const wordsPerMinute = shareOf(words.length * 60, speech);
  const repetition = shareOf(repeatedWords(words), words.length);
  const languageAgreement =
    heardAs.length === 0 ? 1 : heardAs.filter((one) => one === language).length / heardAs.length;
  const lowProbability = shareOf(
    words.filter((word) => word.probability < LOW_PROBABILITY).length,
    words.length,
  );

  const warnings: QualityWarning[] = [];
  const warn = (out: boolean, code: QualityWarning['code'], message: string) =>
    out && warnings.push({ code, message });
  const rateOut = wordsPerMinute < SPEECH_RATE.from || wordsPerMinute > SPEECH_RATE.to;
  warn(
    speech >= SPEECH_RATE.speech && rateOut,
    'SPEECH_RATE',
    `The text has ${Math.round(wordsPerMinute)} words for each minute of speech; ${SPEECH_RATE.from} to ${SPEECH_RATE.to} are usual.`,
  );
  warn(
    repetition > MOST_REPETITION,
    'REPETITION',
    `${percent(repetition)} of the words repeat what was just said.`,
  );
  warn(
    languageAgreement < LEAST_AGREEMENT,
    'LANGUAGE_MIXED',
    `Only ${percent(languageAgreement)} of the recording was heard in the language of the session.`,
  );
  warn(
    lowProbability > MOST_LOW_PROBABILITY,
    'LOW_PROBABILITY',
    `The recogniser is unsure of ${percent(lowProbability)} of the words.`,
  );
  warn(
    dropped > Math.max(2, words.length * MOST_DROPPED),
    'TEXT_ON_SILENCE',
    `${dropped} passages of text were left out because nothing seems to have been said there.`,
  );
  return { wordsPerMinute, repetition, languageAgreement, lowProbability, dropped, warnings };
}

/** Words inside a phrase of up to six words that stands three times or more in a row. */
function repeatedWords(words: readonly Word[]): number {
  const tokens = words.map((word) => normalise(word.text));
  const repeated = new Set<number>();
  for (let length = 1; length <= LONGEST_PHRASE; length++) {
    let run = 0;
    for (let at = length; at <= tokens.length; at++) {
      if (at < tokens.length && tokens[at] === tokens[at - length]) run++;
      else {
        if (run >= 2 * length) for (let n = at - run - length; n < at; n++) repeated.add(n);
        run = 0;
      }
    }
  }
  return repeated.size;
}
