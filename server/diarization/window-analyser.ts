/** From the audio of windows to who speaks in them, and how each of them sounds: the two networks, one after the other. */
import type { WindowAnalysis } from './diarizer.ts';
import { type Embedder, embeddingMasks } from './embedder.ts';
import { LOCAL_SPEAKERS } from './powerset.ts';
import type { Segmenter } from './segmenter.ts';
import { toWindow } from './window-audio.ts';

export interface WindowAudio {
  readonly index: number;
  /** 16 kHz mono, up to ten seconds. */
  readonly audio: Int16Array;
}

/** @throws RangeError where the audio is longer than a window. */
export async function analyseWindows(
  segmenter: Segmenter,
  embedder: Embedder,
  windows: readonly WindowAudio[],
): Promise<WindowAnalysis[]> {
  const samples = windows.map(({ audio }) => toWindow(audio));
  const activities = await segmenter.segment(samples);
  const analyses: WindowAnalysis[] = [];
  for (const [position, { index }] of windows.entries()) {
    const activity = activities[position]!;
    const speakers = LOCAL_SPEAKERS;
    const masks = embeddingMasks(activity, speakers);
    const embeddings = await embedder.embed(samples[position]!, masks);
    analyses.push({ index, activity, frames: activity.length / speakers, speakers, embeddings });
  }
  return analyses;
}
