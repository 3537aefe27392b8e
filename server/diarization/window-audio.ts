/** The audio of one window as the networks take it. */
import { toFloat32 } from '../audio/pcm.ts';
import { WINDOW_SAMPLES } from './segmenter.ts';

/** From -1 to 1, padded with silence. @throws RangeError where there is more than a window. */
export function toWindow(audio: Int16Array): Float32Array {
  if (audio.length > WINDOW_SAMPLES) throw new RangeError(`A window has at most ${WINDOW_SAMPLES} samples.`);
  const window = new Float32Array(WINDOW_SAMPLES);
  window.set(toFloat32(audio));
  return window;
}

/** One sample that is no number would make every answer about its window one: such samples become silence. */
export function withoutNaN(audio: Float32Array): Float32Array {
  return audio.every(Number.isFinite) ? audio : audio.map((sample) => (Number.isFinite(sample) ? sample : 0));
}
