/** Segmentation without a network: WebRTC's voice activity detector, and voices told apart by spectrum and pitch. */

import { joinAcross } from '../../audio/intervals.ts';
import { toInt16 } from '../../audio/pcm.ts';
import { findSpeech } from '../../audio/voice-activity.ts';
import { FRAME_SAMPLES, SHIFT_SAMPLES } from '../features.ts';
import { FRAMES, FRAMES_PER_WINDOW, middleOf } from '../frames.ts';
import { LOCAL_SPEAKERS } from '../powerset.ts';
import type { Segmenter } from '../segmenter.ts';
import { withoutNaN } from '../window-audio.ts';
import { separateVoices } from './speaker-change.ts';
import { computeVoiceFeatures } from './voice-features.ts';

const SAMPLE_RATE = 16_000;
const FRAMES_PER_SECOND = SAMPLE_RATE / SHIFT_SAMPLES;
/** From the start of a feature frame to its middle, seconds. */
const HALF_FRAME = FRAME_SAMPLES / 2 / SAMPLE_RATE;

/** Nobody gives up their turn by drawing breath. Seconds. */
const SHORTEST_PAUSE = 0.5;

export const STAND_IN =
  'Speakers are told apart by pitch and spectrum, without a trained network: unfit for clinical use.';

export function createVoiceActivitySegmenter(): Segmenter {
  return {
    name: 'voice activity and change of voice',
    standIn: STAND_IN,
    async segment(windows) {
      return windows.map((window) => segmentWindow(withoutNaN(window)));
    },
    async close() {},
  };
}

function segmentWindow(audio: Float32Array): Uint8Array {
  const activity = new Uint8Array(FRAMES_PER_WINDOW * LOCAL_SPEAKERS);
  const islands = joinAcross(findSpeech(Int16Array.from(audio, toInt16)), SHORTEST_PAUSE);
  if (islands.length === 0) return activity;
  const featureFrame = (time: number) => Math.max(0, Math.round((time - HALF_FRAME) * FRAMES_PER_SECOND));
  const stretches = islands.map(({ start, end }) => ({ start: featureFrame(start), end: featureFrame(end) }));
  const features = computeVoiceFeatures(audio);
  const speakers = separateVoices(features, stretches, LOCAL_SPEAKERS);
  for (let frame = 0; frame < FRAMES_PER_WINDOW; frame += 1) {
    const speaker = speakers[Math.min(featureFrame(middleOf(FRAMES, frame)), features.frames - 1)]!;
    if (speaker !== -1) activity[frame * LOCAL_SPEAKERS + speaker] = 1;
  }
  return activity;
}
