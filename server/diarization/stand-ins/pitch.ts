/** The pitch of a voice by autocorrelation (after Boersma 1993). */
import FFT from 'fft.js';

const SAMPLE_RATE = 16_000;
/** The pitch of speech is well below 4 kHz: every second sample will do. */
const STEP = 2;
const RATE = SAMPLE_RATE / STEP;
const LOWEST = 70;
const HIGHEST = 400;
/** Autocorrelation, relative to that at no lag, from which a frame counts as voiced. */
const LEAST_VOICING = 0.5;
/** Mean square below which there is nothing to hear. */
const LEAST_POWER = 1e-9;
/** 40 ms: nearly three periods of the lowest pitch. */
const LENGTH = 320;
/** More than twice as much, so that lags do not wrap around. */
const FFT_SIZE = 1024;
/** A longer lag must be clearly better: multiples of the period fit as well as the period itself. */
const LAG_PENALTY = 0.001;

const fft = new FFT(FFT_SIZE);
const padded = new Float64Array(FFT_SIZE);
const spectrum = fft.createComplexArray();
const inverse = fft.createComplexArray();
const hann = Float64Array.from(
  { length: LENGTH },
  (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / LENGTH),
);
/** The window's own autocorrelation: what it takes from longer lags is given back. */
const windowCorrelation = autocorrelate(hann);

/**
 * Of the 40 ms from `start` on, in hertz; NaN where none is heard or the audio ends before.
 *
 * @param audio 16 kHz, from -1 to 1, all finite
 */
export function findPitch(audio: Float32Array, start: number): number {
  if (start + LENGTH * STEP > audio.length) return Number.NaN;
  const samples = hann.map((weight, n) => {
    const at = start + STEP * n;
    return (weight * (audio[at]! + audio[at + 1]!)) / 2;
  });
  const correlation = autocorrelate(samples);
  if (correlation[0]! < LEAST_POWER * LENGTH) return Number.NaN;
  const voicing = (lag: number) =>
    (correlation[lag]! / correlation[0]!) * (windowCorrelation[0]! / windowCorrelation[lag]!);
  let best = 0;
  let highest = LEAST_VOICING;
  for (let lag = Math.floor(RATE / HIGHEST); lag <= RATE / LOWEST; lag += 1) {
    const here = voicing(lag);
    if (here - LAG_PENALTY * lag <= highest || here < voicing(lag - 1) || here < voicing(lag + 1)) continue;
    best = lag;
    highest = here - LAG_PENALTY * lag;
  }
  if (best === 0) return Number.NaN;
  const [before, here, after] = [voicing(best - 1), voicing(best), voicing(best + 1)];
  const curvature = before - 2 * here + after;
  return RATE / (best + (curvature === 0 ? 0 : (0.5 * (before - after)) / curvature));
}

function autocorrelate(samples: Float64Array): Float64Array {
  padded.set(samples);
  fft.realTransform(spectrum, padded);
  fft.completeSpectrum(spectrum);
  for (let bin = 0; bin < FFT_SIZE; bin += 1) {
    spectrum[2 * bin] = spectrum[2 * bin]! ** 2 + spectrum[2 * bin + 1]! ** 2;
    spectrum[2 * bin + 1] = 0;
  }
  fft.inverseTransform(inverse, spectrum);
  return Float64Array.from({ length: LENGTH }, (_, lag) => inverse[2 * lag]!);
}
