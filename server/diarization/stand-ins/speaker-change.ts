/** Which of up to three voices holds each stretch of speech of one window. */

import { VOICE_VALUES, type VoiceFeatures } from './voice-features.ts';
import { EXPECTED_SQUARE, printVoice, squaredDistance } from './voice-print.ts';

/** Frames of 10 ms. */
const PIECE = 150;
const SHORTEST_PIECE = 50;
const PRINT_FRAMES = 300;
/** Of the variance of a print, the part that more speech does not take away. */
const LASTING = 0.15;
/** Squared distance, in units of what one speaker would be expected to show, from which two voices are two. */
const TWO_VOICES = 2.2;
/** Log-likelihood that a change of speaker must gain. */
const CHANGE_COST = 15;
/** A change costs less where somebody has paused. */
const CHANGE_COST_AT_PAUSE = 5;
const REFINEMENTS = 3;

/** One run of consecutive speech frames. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * @param stretches of speech, ordered, in frames of 10 ms
 * @returns per frame the local speaker, numbered by first appearance, or -1 where nobody speaks
 */
export function separateVoices(
  features: VoiceFeatures,
  stretches: readonly Stretch[],
  most: number,
): Int8Array {
  const labels = new Int8Array(features.frames).fill(-1);
  const speech = stretches.flatMap(({ start, end }) => range(start, Math.min(end, features.frames)));
  if (speech.length === 0) return labels;
  let groups = mergePieces(features, cutPieces(stretches, features.frames), most);
  for (let round = 0; round < REFINEMENTS && groups.length > 1; round += 1) {
    const prints = groups.map((group) => printVoice(features, group));
    const path = decode(features, speech, prints);
    const refined = prints.map((_, speaker) => speech.filter((_, position) => path[position] === speaker));
    groups = mergePieces(
      features,
      refined.filter((group) => group.length > 0),
      most,
    );
  }
  groups.sort((a, b) => a[0]! - b[0]!);
  groups.forEach((group, speaker) => {
    for (const frame of group) labels[frame] = speaker;
  });
  return labels;
}

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, offset) => start + offset);
}

/** Equal pieces of at most `PIECE` frames of each stretch; short stretches make a piece with their neighbours. */
function cutPieces(stretches: readonly Stretch[], frames: number): number[][] {
  const pieces: number[][] = [];
  let short: number[] = [];
  for (const { start, end } of stretches) {
    const all = [...short, ...range(start, Math.min(end, frames))];
    short = [];
    if (all.length < SHORTEST_PIECE) {
      short = all;
      continue;
    }
    const count = Math.ceil(all.length / PIECE);
    for (let k = 0; k < count; k += 1) {
      pieces.push(
        all.slice(Math.floor((k * all.length) / count), Math.floor(((k + 1) * all.length) / count)),
      );
    }
  }
  const last = pieces.at(-1);
  if (short.length > 0) {
    if (last === undefined) pieces.push(short);
    else last.push(...short);
  }
  return pieces;
}

/** Joins the most alike until the least distance is clearly more than chance would make between pieces so long. */
function mergePieces(features: VoiceFeatures, pieces: readonly number[][], most: number): number[][] {
  const groups = pieces.map((frames) => ({ frames, print: printVoice(features, frames) }));
  while (groups.length > 1) {
    let best = { i: 0, j: 1, strangeness: Number.POSITIVE_INFINITY };
    for (let i = 0; i < groups.length; i += 1) {
      for (let j = i + 1; j < groups.length; j += 1) {
        const strangeness = compare(groups[i]!, groups[j]!);
        if (strangeness < best.strangeness) best = { i, j, strangeness };
      }
    }
    if (best.strangeness > TWO_VOICES && groups.length <= most) break;
    const frames = [...groups[best.i]!.frames, ...groups[best.j]!.frames].sort((a, b) => a - b);
    groups.splice(best.j, 1);
    groups[best.i] = { frames, print: printVoice(features, frames) };
  }
  return groups.map(({ frames }) => frames);
}

interface Group {
  readonly frames: readonly number[];
  readonly print: Float64Array;
}

function compare(first: Group, second: Group): number {
  const variance = ({ frames }: Group) => LASTING + ((1 - LASTING) * PRINT_FRAMES) / frames.length;
  const expected = (EXPECTED_SQUARE / 2) * (variance(first) + variance(second));
  return squaredDistance(first.print, second.print) / expected;
}

/** The likeliest sequence of speakers (Viterbi). */
function decode(
  features: VoiceFeatures,
  speech: readonly number[],
  prints: readonly Float64Array[],
): Uint8Array {
  const count = prints.length;
  const from = new Uint8Array(speech.length * count);
  let scores = new Float64Array(count);
  speech.forEach((frame, position) => {
    const paused = position > 0 && frame !== speech[position - 1]! + 1;
    const cost = paused ? CHANGE_COST_AT_PAUSE : CHANGE_COST;
    const values = features.values.subarray(frame * VOICE_VALUES, (frame + 1) * VOICE_VALUES);
    const leader = scores.indexOf(Math.max(...scores));
    scores = scores.map((score, speaker) => {
      const changes = scores[leader]! - cost > score;
      from[position * count + speaker] = changes ? leader : speaker;
      return (changes ? scores[leader]! - cost : score) + likelihood(values, prints[speaker]!);
    });
  });
  const path = new Uint8Array(speech.length);
  let speaker = scores.indexOf(Math.max(...scores));
  for (let position = speech.length - 1; position >= 0; position -= 1) {
    path[position] = speaker;
    speaker = from[position * count + speaker]!;
  }
  return path;
}

/** Of one frame; neighbouring frames are alike, so that `PRINT_FRAMES` together count as one print. */
function likelihood(values: Float32Array, print: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < VOICE_VALUES; k += 1) {
    const difference = values[k]! - print[k]!;
    // One wrong octave must not outweigh everything else.
    if (!Number.isNaN(difference)) sum += Math.min(difference * difference, 400);
  }
  return -sum / (2 * PRINT_FRAMES);
}
