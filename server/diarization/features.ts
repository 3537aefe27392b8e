/**
 * Log-mel filter banks as Kaldi computes them for WeSpeaker: 25 ms every 10 ms, edges snipped, no dither, no energy,
 * offset removed, pre-emphasis 0.97, Hamming window, power spectrum of 512 points, 80 triangles from 20 Hz to 8 kHz.
 */
import FFT from 'fft.js';

/** At 16 kHz. */
export const FRAME_SAMPLES = 400;
export const SHIFT_SAMPLES = 160;
export const MEL_BINS = 80;

/** frames × bins, row by row. */
export interface FilterBanks {
  readonly frames: number;
  readonly bins: number;
  readonly data: Float32Array;
}

const SAMPLE_RATE = 16_000;
const FFT_SIZE = 512;
const LOWEST = 20;
const PRE_EMPHASIS = 0.97;
/** Kaldi works on 16-bit integers. */
const FULL_SCALE = 32_768;
/** Of single precision: the logarithm of silence is that of this. */
const EPSILON = 2 ** -23;

/** The weights of one triangle from FFT bin `first` on. */
interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

const melOf = (hertz: number) => 1127 * Math.log(1 + hertz / 700);

const fft = new FFT(FFT_SIZE);
const hamming = Float64Array.from(
  { length: FRAME_SAMPLES },
  (_, n) => 0.54 - 0.46 * Math.cos((2 * Math.PI * n) / (FRAME_SAMPLES - 1)),
);
const filters = createMelFilters();

/** How many whole frames so many samples hold. */
export function frameCountOf(samples: number): number {
  return samples < FRAME_SAMPLES ? 0 : 1 + Math.floor((samples - FRAME_SAMPLES) / SHIFT_SAMPLES);
}

/** @param audio 16 kHz, from -1 to 1, all finite */
export function computeFilterBanks(audio: Float32Array): FilterBanks {
  const frames = frameCountOf(audio.length);
  const data = new Float32Array(frames * MEL_BINS);
  const frame = new Float64Array(FFT_SIZE);
  const spectrum = fft.createComplexArray();
  const power = new Float64Array(FFT_SIZE / 2);
  for (let index = 0; index < frames; index += 1) {
    prepareFrame(audio, index * SHIFT_SAMPLES, frame);
    fft.realTransform(spectrum, frame);
    for (let bin = 0; bin < power.length; bin += 1)
      power[bin] = spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
    filters.forEach(({ first, weights }, mel) => {
      let energy = 0;
      for (let k = 0; k < weights.length; k += 1) energy += weights[k]! * power[first + k]!;
      data[index * MEL_BINS + mel] = Math.log(Math.max(energy, EPSILON));
    });
  }
  return { frames, bins: MEL_BINS, data };
}

/** Subtracts from each bin its mean over all frames. */
export function subtractMean({ frames, bins, data }: FilterBanks): FilterBanks {
  const means = new Float64Array(bins);
  data.forEach((value, index) => {
    means[index % bins] = means[index % bins]! + value / frames;
  });
  return { frames, bins, data: data.map((value, index) => value - means[index % bins]!) };
}

function prepareFrame(audio: Float32Array, start: number, frame: Float64Array): void {
  let mean = 0;
  for (let n = 0; n < FRAME_SAMPLES; n += 1) mean += audio[start + n]!;
  mean /= FRAME_SAMPLES;
  for (let n = 0; n < FRAME_SAMPLES; n += 1) frame[n] = (audio[start + n]! - mean) * FULL_SCALE;
  for (let n = FRAME_SAMPLES - 1; n > 0; n -= 1)
    frame[n] = (frame[n]! - PRE_EMPHASIS * frame[n - 1]!) * hamming[n]!;
  frame[0] = frame[0]! * (1 - PRE_EMPHASIS) * hamming[0]!;
}

function createMelFilters(): MelFilter[] {
  const lowest = melOf(LOWEST);
  const step = (melOf(SAMPLE_RATE / 2) - lowest) / (MEL_BINS + 1);
  return Array.from({ length: MEL_BINS }, (_, mel) => {
    const left = lowest + mel * step;
    const weightOf = (bin: number) => {
      const position = (melOf((bin * SAMPLE_RATE) / FFT_SIZE) - left) / step;
      return Math.max(0, Math.min(position, 2 - position));
    };
    const bins = Array.from({ length: FFT_SIZE / 2 }, (_, bin) => bin).filter((bin) => weightOf(bin) > 0);
    return { first: bins[0] ?? 0, weights: Float64Array.from(bins, weightOf) };
  });
}
