/** The summary of a voice over many frames, and how far two of them are apart. */
import { CEPSTRA, isVoiced, PITCH_SPREAD, VOICE_VALUES, type VoiceFeatures } from './voice-features.ts';

/** Pitch of a stretch in which none is heard: half way between those of men and women. */
const NEUTRAL_PITCH = Math.log(155) / PITCH_SPREAD;
const LEAST_VOICED = 5;
/** Pauses between sounds say more about the room than about the voice. */
const QUIET_SHARE = 0.3;

/** Squared distance of two prints of three seconds of one speaker that is to be expected. */
export const EXPECTED_SQUARE = 2 * (CEPSTRA + 4);

/** Mean cepstra and median pitch of the louder of these frames (at least one). */
export function printVoice(features: VoiceFeatures, frames: readonly number[]): Float64Array {
  const { loudness, values } = features;
  const levels = Float32Array.from(frames, (frame) => loudness[frame]!).sort();
  const quiet = levels[Math.floor(QUIET_SHARE * levels.length)]!;
  const loud = frames.filter((frame) => loudness[frame]! >= quiet);
  const print = new Float64Array(VOICE_VALUES);
  for (const frame of loud) {
    for (let k = 0; k < CEPSTRA; k += 1)
      print[k] = print[k]! + values[frame * VOICE_VALUES + k]! / loud.length;
  }
  const pitches = loud
    .filter((frame) => isVoiced(features, frame))
    .map((frame) => values[frame * VOICE_VALUES + CEPSTRA]!)
    .sort((a, b) => a - b);
  const heard = pitches.length >= LEAST_VOICED;
  print[CEPSTRA] = heard ? pitches[Math.floor(pitches.length / 2)]! : NEUTRAL_PITCH;
  return print;
}

export function squaredDistance(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < first.length; k += 1) sum += (first[k]! - second[k]!) ** 2;
  return sum;
}
