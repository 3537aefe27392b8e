/** What tells voices apart without a network: the shape of the spectrum (MFCCs) and the pitch, every 10 ms. */
import FFT from 'fft.js';
import { computeFilterBanks, SHIFT_SAMPLES } from '../features.ts';

/** MFCCs 1 … 19; the 0th is loudness, which says how near the microphone is. */
export const CEPSTRA = 19;

export interface VoiceFeatures {
  readonly frames: number;
  /** frames × CEPSTRA, row by row. */
  readonly cepstra: Float32Array;
  /** Natural logarithm of hertz; NaN where no pitch is heard. */
  readonly pitch: Float32Array;
  /** Mean of the log-mel energies. */
  readonly loudness: Float32Array;
}

const SAMPLE_RATE = 16_000;
const LOWEST_PITCH = 70;
const HIGHEST_PITCH = 400;
/** Autocorrelation, relative to that at no lag, from which a frame counts as voiced. */
const LEAST_VOICING = 0.5;
/** Three periods of the lowest pitch fit into it; as long again are the zeros that keep lags from wrapping around. */
const PITCH_SAMPLES = 640;
const PITCH_FFT = 2048;

const fft = new FFT(PITCH_FFT);
const hann = Float64Array.from(
  { length: PITCH_SAMPLES },
  (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / PITCH_SAMPLES),
);
/** The window's own autocorrelation: what it takes from longer lags is given back. */
const windowCorrelation = autocorrelate(hann);

/** @param audio 16 kHz, from -1 to 1, all finite */
export function computeVoiceFeatures(audio: Float32Array): VoiceFeatures {
  const { frames, bins, data } = computeFilterBanks(audio);
  const cepstra = new Float32Array(frames * CEPSTRA);
  const loudness = new Float32Array(frames);
  const cosines = Array.from({ length: CEPSTRA }, (_, k) =>
    Float64Array.from(
      { length: bins },
      (_, bin) => Math.sqrt(2 / bins) * Math.cos((Math.PI * (k + 1) * (bin + 0.5)) / bins),
    ),
  );
  const pitch = new Float32Array(frames);
  for (let frame = 0; frame < frames; frame += 1) {
    const energies = data.subarray(frame * bins, (frame + 1) * bins);
    loudness[frame] = energies.reduce((sum, energy) => sum + energy, 0) / bins;
    cosines.forEach((cosine, k) => {
      cepstra[frame * CEPSTRA + k] = cosine.reduce((sum, weight, bin) => sum + weight * energies[bin]!, 0);
    });
    pitch[frame] = findPitch(audio, frame * SHIFT_SAMPLES);
  }
  return { frames, cepstra, pitch, loudness };
}

function findPitch(audio: Float32Array, start: number): number {
  if (start + PITCH_SAMPLES > audio.length) return Number.NaN;
  const correlation = autocorrelate(hann.map((weight, n) => weight * audio[start + n]!));
  const power = correlation[0]!;
  if (power < 1e-6) return Number.NaN;
  const voicingAt = (lag: number) =>
    (correlation[lag]! / power) * (windowCorrelation[0]! / windowCorrelation[lag]!);
  let best = 0;
  let voicing = LEAST_VOICING;
  for (let lag = Math.floor(SAMPLE_RATE / HIGHEST_PITCH); lag <= SAMPLE_RATE / LOWEST_PITCH; lag += 1) {
    // A longer lag must be clearly better: multiples of the period fit as well as the period itself.
    const value = voicingAt(lag) - 0.0005 * lag;
    if (value > voicing && voicingAt(lag) >= voicingAt(lag - 1) && voicingAt(lag) >= voicingAt(lag + 1)) {
      best = lag;
      voicing = value;
    }
  }
  return best === 0 ? Number.NaN : Math.log(SAMPLE_RATE / best);
}

function autocorrelate(samples: Float64Array): Float64Array {
  const padded = new Float64Array(PITCH_FFT);
  padded.set(samples);
  const spectrum = fft.createComplexArray();
  fft.realTransform(spectrum, padded);
  fft.completeSpectrum(spectrum);
  for (let bin = 0; bin < PITCH_FFT; bin += 1) {
    spectrum[2 * bin] = spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
    spectrum[2 * bin + 1] = 0;
  }
  const correlation = fft.createComplexArray();
  fft.inverseTransform(correlation, spectrum);
  return Float64Array.from({ length: PITCH_SAMPLES }, (_, lag) => correlation[2 * lag]!);
}
