/**
 * Going on from what was found while the recording went on. To agglomerate all embeddings takes time that grows with the
 * square of their number, so in a long recording the speakers among the earlier windows are found ahead, and what their
 * embeddings said of them stands when VBx runs over those since. Which windows are the earlier ones depends on their
 * number alone, so the answer never depends on what there was time for.
 */
import type { WindowAnalysis } from './diarizer.ts';
import { findSpeakers, type SpeakerSettings, type SpeakerStatistics } from './find-speakers.ts';
import type { Matrix } from './matrix.ts';
import { type ActivitySums, sumActivity } from './reconstruct.ts';
import { activeSpeakers, filterTraining, thin } from './training-filter.ts';

/** What was found among the first `windows` windows of a recording. */
export interface WarmStart {
  readonly windows: number;
  readonly speakers: SpeakerStatistics;
  /** How many of their embeddings could have been used. */
  readonly available: number;
  /** Those that were, n × dimension. */
  readonly embeddings: Matrix<Float32Array>;
  readonly activity: ActivitySums;
  /** Per window, from `activeSpeakers`. */
  readonly active: readonly (readonly boolean[])[];
}

export interface WarmStartSettings extends SpeakerSettings {
  /** Most embeddings to agglomerate at once; of more, evenly spread ones are taken. Memory is 4 bytes times its square. */
  readonly trainingLimit: number;
}

/** Up to here a recording has no earlier windows. */
const FIRST = 600;
/** Each warm start covers so many times what the one before it covered: all of them cost a few times what the last costs. */
const GROWTH = 1.1;
/** Windows since, at the least: the time in which a warm start is found. */
const MARGIN = 30;

/** How many of so many windows the warm start is to cover; 0 where there is to be none. */
export function warmStartSize(windows: number): number {
  let size = 0;
  for (let next = FIRST; next + MARGIN <= windows; next = Math.ceil(next * GROWTH)) size = next;
  return size;
}

export function findWarmStart(windows: readonly WindowAnalysis[], settings: WarmStartSettings): WarmStart {
  const all = filterTraining(windows);
  const { embeddings } = thin(all, settings.trainingLimit);
  return {
    windows: windows.length,
    speakers: findSpeakers(embeddings, settings),
    available: all.embeddings.rows,
    embeddings,
    activity: sumActivity(windows),
    active: windows.map(activeSpeakers),
  };
}
