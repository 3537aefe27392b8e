/**
 * The frame grid: the time arithmetic of pyannote.core's `SlidingWindow` for the windows of a recording and the
 * frames within them.
 */
import { WINDOW } from './diarizer.ts';

/** A row of equal intervals: the k-th covers start + k·step to start + k·step + duration. Seconds. */
export interface SlidingWindow {
  readonly start: number;
  readonly duration: number;
  readonly step: number;
}

/** Of segmentation-3.0: the receptive field is 991 samples, a frame comes every 270, at 16 kHz. */
export const FRAMES: SlidingWindow = { start: 0, duration: 991 / 16000, step: 270 / 16000 };

/** Of one ten-second window. */
export const FRAMES_PER_WINDOW = 589;

/** To the nearest integer, halves to the even one, as numpy's `rint`. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The frame whose middle is closest to `time`. */
export function closestFrame(frames: SlidingWindow, time: number): number {
  return roundHalfEven((time - frames.start - 0.5 * frames.duration) / frames.step);
}

/** The middle of the frame, seconds. */
export function middleOf(frames: SlidingWindow, index: number): number {
  const start = frames.start + index * frames.step;
  return 0.5 * (start + (start + frames.duration));
}

/** The frame at which window `index` starts. */
export function firstFrameOf(index: number): number {
  return closestFrame(FRAMES, index * WINDOW.step + 0.5 * FRAMES.duration);
}

/** How many frames the grid of a recording of so many windows has. */
export function frameCount(windows: number): number {
  if (windows === 0) return 0;
  return closestFrame(FRAMES, WINDOW.duration + (windows - 1) * WINDOW.step + 0.5 * FRAMES.duration) + 1;
}
