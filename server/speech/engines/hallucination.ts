/**
 * Text that no one said (rule S4). Whisper writes it on silence and noise: phrases of its training data with a high
 * no-speech probability, the same words over and over, or remarks in brackets.
 */
import { strToU8, zlibSync } from 'fflate';

export interface SegmentEvidence {
  text: string;
  /** 0 to 1. */
  noSpeechProbability: number;
  /** Mean natural logarithm of the tokens' probabilities. */
  averageLogProbability: number;
  /** The segments just before it are the same. */
  repeated: boolean;
}

export type Verdict = 'no-speech' | 'repetition' | 'remark';

// The first three thresholds are those of OpenAI's reference decoder (whisper/transcribe.py).
const NO_SPEECH = 0.6;
const LOG_PROBABILITY = -1;
const COMPRESSION = 2.4;
/** A phrase of up to four words said more often than this in a row is a loop, not emphasis. */
const REPEATS = 5;
const PHRASE_WORDS = 4;

export function hallucinationIn(segment: SegmentEvidence): Verdict | undefined {
  if (segment.noSpeechProbability > NO_SPEECH && segment.averageLogProbability < LOG_PROBABILITY)
    return 'no-speech';
  const text = segment.text.trim();
  if (/^[[(*♪][^\])*]*[\])*♪]?$/.test(text)) return 'remark';
  if (segment.repeated || compressionRatio(text) > COMPRESSION || longestLoop(text) > REPEATS)
    return 'repetition';
  return undefined;
}

/** Bytes of the text for each byte of its zlib form: about 1 for short and 1.5 for long natural text. */
export function compressionRatio(text: string): number {
  const bytes = strToU8(text);
  return bytes.length === 0 ? 0 : bytes.length / zlibSync(bytes).length;
}

/** How often in a row the most repeated phrase of up to four words is said. */
export function longestLoop(text: string): number {
  const words = text.toLowerCase().match(/[\p{L}\p{N}'’]+/gu) ?? [];
  let longest = words.length === 0 ? 0 : 1;
  for (let size = 1; size <= PHRASE_WORDS; size += 1) {
    // Words in a row that equal the word one phrase before them.
    let matching = 0;
    for (let index = size; index < words.length; index += 1) {
      matching = words[index] === words[index - size] ? matching + 1 : 0;
      longest = Math.max(longest, 1 + Math.floor(matching / size));
    }
  }
  return longest;
}
