/** Summaries of a voice over many frames, and how far two of them are apart. */
import { CEPSTRA, type VoiceFeatures } from './voice-features.ts';

/**
 * How far each mean cepstrum wanders between stretches of three seconds of one speaker: the median over read speech,
 * meetings and synthetic voices, rounded.
 */
const CEPSTRAL_SPREAD = [
  3, 2, 1.9, 1.2, 1.1, 0.9, 0.7, 0.7, 0.7, 0.7, 0.6, 0.8, 0.6, 0.6, 0.6, 0.5, 0.5, 0.45, 0.45,
];
/** The same of the logarithm of the pitch, halved: pitch tells most, so it counts for four cepstra. */
const PITCH_SPREAD = 0.055;
/** Pitch of a stretch in which none is heard: half way between those of men and women. */
const NEUTRAL_PITCH = Math.log(155);
const LEAST_VOICED = 8;
/** Pauses between sounds say more about the room than about the voice. */
const QUIET_SHARE = 0.3;

/** Values of a print: the cepstra, then the pitch, each in units of its spread. */
export const PRINT_SIZE = CEPSTRA + 1;
/** Squared distance of two prints of three seconds of one speaker that is to be expected. */
export const EXPECTED_SQUARE = 2 * (CEPSTRA + 4);

/** One frame in units of the spreads; the pitch is NaN where none is heard. */
export function scaleFrame({ cepstra, pitch }: VoiceFeatures, frame: number): Float64Array {
  const scaled = new Float64Array(PRINT_SIZE);
  for (let k = 0; k < CEPSTRA; k += 1) scaled[k] = cepstra[frame * CEPSTRA + k]! / CEPSTRAL_SPREAD[k]!;
  scaled[CEPSTRA] = pitch[frame]! / PITCH_SPREAD;
  return scaled;
}

/** Mean cepstra and median pitch of the louder of these frames; undefined where there are none. */
export function printVoice(features: VoiceFeatures, frames: readonly number[]): Float64Array | undefined {
  if (frames.length === 0) return undefined;
  const byLoudness = [...frames].sort((a, b) => features.loudness[b]! - features.loudness[a]!);
  const loud = byLoudness.slice(0, Math.ceil((1 - QUIET_SHARE) * frames.length));
  const print = new Float64Array(PRINT_SIZE);
  const pitches: number[] = [];
  for (const frame of loud) {
    const scaled = scaleFrame(features, frame);
    for (let k = 0; k < CEPSTRA; k += 1) print[k] = print[k]! + scaled[k]! / loud.length;
    if (!Number.isNaN(scaled[CEPSTRA]!)) pitches.push(scaled[CEPSTRA]!);
  }
  pitches.sort((a, b) => a - b);
  const heard = pitches.length >= LEAST_VOICED;
  print[CEPSTRA] = heard ? pitches[Math.floor(pitches.length / 2)]! : NEUTRAL_PITCH / PITCH_SPREAD;
  return print;
}

export function squaredDistance(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < first.length; k += 1) sum += (first[k]! - second[k]!) ** 2;
  return sum;
}
