/** whisper-server's `verbose_json` answer, validated and turned into words. Source: whisper.cpp, examples/server/server.cpp. */
import { z } from 'zod';
import type { Word } from '../../../shared/transcript.ts';
import type { Hypothesis } from '../engine.ts';
import { hallucinationIn } from './hallucination.ts';
import { languageCode } from './language-names.ts';

const Piece = z.object({
  /** A token's text: a leading space begins a word. */
  word: z.string(),
  /** Seconds; absent without timestamps, negative where the engine does not know. */
  start: z.number().optional(),
  end: z.number().optional(),
  probability: z.number(),
});
type Piece = z.infer<typeof Piece>;

export const WhisperAnswer = z.object({
  /** English name or code. */
  language: z.string().optional(),
  /** By code; present only when asked for. */
  language_probabilities: z.record(z.string(), z.number()).optional(),
  segments: z.array(
    z.object({
      text: z.string(),
      start: z.number().optional(),
      end: z.number().optional(),
      words: z.array(Piece).optional(),
      avg_logprob: z.number().nullish(),
      no_speech_prob: z.number().nullish(),
    }),
  ),
});
export type WhisperAnswer = z.infer<typeof WhisperAnswer>;

const SAME_SEGMENTS = 2;

/** `duration`: of the audio that was asked about, in seconds; words in the padding after it are cut off. */
export function hypothesisOf(
  answer: WhisperAnswer,
  asked: { language: string; duration: number },
): Hypothesis {
  const pieces: Piece[] = [];
  let dropped = 0;
  for (const [index, segment] of answer.segments.entries()) {
    const before = answer.segments.slice(Math.max(0, index - SAME_SEGMENTS), index);
    const verdict = hallucinationIn({
      // A loop may also be one segment over and over.
      repeated: before.length === SAME_SEGMENTS && before.every(({ text }) => text === segment.text),
      text: segment.text,
      noSpeechProbability: segment.no_speech_prob ?? 0,
      averageLogProbability: segment.avg_logprob ?? 0,
    });
    if (verdict === undefined) pieces.push(...(segment.words ?? [segmentAsPiece(segment)]));
    else dropped += 1;
  }
  return { words: mergePieces(pieces, asked.duration), dropped, ...languageOf(answer, asked.language) };
}

function segmentAsPiece(segment: WhisperAnswer['segments'][number]): Piece {
  const probability = Math.exp(Math.min(0, segment.avg_logprob ?? 0));
  return { word: segment.text, start: segment.start, end: segment.end, probability };
}

function languageOf(
  answer: WhisperAnswer,
  asked: string,
): Pick<Hypothesis, 'language' | 'languageProbability'> {
  if (asked !== 'auto') return { language: asked };
  const [likeliest] = Object.entries(answer.language_probabilities ?? {}).sort((a, b) => b[1] - a[1]);
  if (likeliest) return { language: likeliest[0], languageProbability: clamp(likeliest[1], 0, 1) };
  return { language: languageCode(answer.language ?? '') ?? 'auto' };
}

// Scripts that put no space between words: there every piece stands by itself.
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** Sub-word pieces and punctuation become words; times are put within the audio and in order. */
export function mergePieces(pieces: readonly Piece[], duration: number): Word[] {
  const groups: Piece[][] = [];
  for (const piece of pieces) {
    const group = groups.at(-1);
    const begins = /^\s/.test(piece.word) || unspaced.test(piece.word);
    if (group === undefined || begins) groups.push([piece]);
    else group.push(piece);
  }
  const words: Word[] = [];
  let earliest = 0;
  for (const group of groups) {
    const text = group
      .map((piece) => piece.word)
      .join('')
      .trim();
    if (!/[\p{L}\p{N}]/u.test(text)) {
      // Punctuation by itself belongs to the word before it.
      const last = words.at(-1);
      if (last) last.text += text;
      continue;
    }
    const stated = group[0]?.start ?? earliest;
    if (stated >= duration) continue;
    const start = clamp(stated, earliest, duration);
    const end = clamp(group.at(-1)?.end ?? start, start, duration);
    const probability = group.reduce((sum, piece) => sum + piece.probability, 0) / group.length;
    words.push({ text, start, end, probability: clamp(probability, 0, 1) });
    earliest = end;
  }
  return words;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
