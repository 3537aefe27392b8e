/** What tells voices apart without a network: the shape of the spectrum (MFCCs) and the pitch, every 10 ms. */
import { computeFilterBanks, SHIFT_SAMPLES } from '../features.ts';
import { findPitch } from './pitch.ts';

/** MFCCs 1 … 19; the 0th is loudness, which says how near the microphone is. */
export const CEPSTRA = 19;
/** The cepstra, then the pitch. */
export const VOICE_VALUES = CEPSTRA + 1;

export interface VoiceFeatures {
  readonly frames: number;
  /** frames × `VOICE_VALUES`, row by row, in units of their spreads; the pitch is NaN where none is heard. */
  readonly values: Float32Array;
  /** Mean of the log-mel energies. */
  readonly loudness: Float32Array;
}

/**
 * How far each mean cepstrum wanders between stretches of three seconds of one speaker: pooled over read speech,
 * meetings and synthetic voices, rounded.
 */
const CEPSTRAL_SPREAD = [
  3, 2, 1.9, 1.2, 1.1, 0.9, 0.7, 0.7, 0.7, 0.7, 0.6, 0.8, 0.6, 0.6, 0.6, 0.5, 0.5, 0.45, 0.45,
];
/** The same of the logarithm of the pitch, halved: pitch tells most, so it counts for four cepstra. */
export const PITCH_SPREAD = 0.055;
/** Pitch moves slowly and costs much to find: every second frame will do. */
const PITCH_EVERY = 2;

/** The segmenter and the embedder look at the same window one after the other. */
const known = new WeakMap<Float32Array, VoiceFeatures>();

/** @param audio 16 kHz, from -1 to 1, all finite; not to be changed afterwards */
export function computeVoiceFeatures(audio: Float32Array): VoiceFeatures {
  const before = known.get(audio);
  if (before !== undefined) return before;
  const { frames, bins, data } = computeFilterBanks(audio);
  const cosines = cosineTable(bins);
  const values = new Float32Array(frames * VOICE_VALUES);
  const loudness = new Float32Array(frames);
  for (let frame = 0; frame < frames; frame += 1) {
    let sum = 0;
    for (let bin = 0; bin < bins; bin += 1) sum += data[frame * bins + bin]!;
    loudness[frame] = sum / bins;
    for (let k = 0; k < CEPSTRA; k += 1) {
      let cepstrum = 0;
      for (let bin = 0; bin < bins; bin += 1)
        cepstrum += cosines[k * bins + bin]! * data[frame * bins + bin]!;
      values[frame * VOICE_VALUES + k] = cepstrum / CEPSTRAL_SPREAD[k]!;
    }
    const pitch = frame % PITCH_EVERY === 0 ? findPitch(audio, frame * SHIFT_SAMPLES) : Number.NaN;
    values[frame * VOICE_VALUES + CEPSTRA] = Math.log(pitch) / PITCH_SPREAD;
  }
  const features = { frames, values, loudness };
  known.set(audio, features);
  return features;
}

/** Whether the pitch was looked for and found there. */
export function isVoiced({ values }: VoiceFeatures, frame: number): boolean {
  return !Number.isNaN(values[frame * VOICE_VALUES + CEPSTRA]!);
}

/** The largest share of frames that can be voiced. */
export const MOST_VOICED = 1 / PITCH_EVERY;

function cosineTable(bins: number): Float64Array {
  return Float64Array.from({ length: CEPSTRA * bins }, (_, index) => {
    const [k, bin] = [Math.floor(index / bins) + 1, index % bins];
    return Math.sqrt(2 / bins) * Math.cos((Math.PI * k * (bin + 0.5)) / bins);
  });
}
