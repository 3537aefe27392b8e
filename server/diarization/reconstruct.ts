/** From the windows' local speakers back to one frame grid over the whole recording. */
import { NOBODY } from './assign.ts';
import type { WindowAnalysis } from './diarizer.ts';
import { firstFrameOf, frameCount, roundHalfEven } from './frames.ts';
import { activeSpeakers } from './training-filter.ts';

/** Who speaks in which frame. */
export interface FrameGrid {
  readonly frames: number;
  readonly speakers: number;
  /** frames × speakers, row by row, 0 or 1. */
  readonly data: Uint8Array;
}

/** Per frame, how many speak at once: the mean over the windows that cover it, halves to the even number. */
export function countSpeakers(windows: readonly WindowAnalysis[]): Uint8Array {
  const frames = frameCount(windows.length);
  const sums = new Uint16Array(frames);
  const covering = new Uint16Array(frames);
  windows.forEach(({ activity, frames: length, speakers }, position) => {
    const first = firstFrameOf(position);
    for (let frame = 0; frame < length; frame += 1) {
      let count = 0;
      for (let speaker = 0; speaker < speakers; speaker += 1) count += activity[frame * speakers + speaker]!;
      sums[first + frame] = sums[first + frame]! + count;
      covering[first + frame] = covering[first + frame]! + 1;
    }
  });
  return Uint8Array.from(sums, (sum, frame) => (sum === 0 ? 0 : roundHalfEven(sum / covering[frame]!)));
}

/** Local speakers that are silent throughout their window belong to nobody. */
export function releaseSilent(
  windows: readonly WindowAnalysis[],
  assigned: readonly Int32Array[],
): Int32Array[] {
  return assigned.map((speakers, position) => {
    const active = activeSpeakers(windows[position]!);
    return speakers.map((cluster, speaker) => (active[speaker] ? cluster : NOBODY));
  });
}

/**
 * In each frame, as many speakers as were counted, those first whom most windows hear there; equal ones by their number.
 * Where more are counted than there are clusters, silent ones with the next numbers make up for it, as in the original.
 *
 * @param assigned per window, the global speaker of each local one
 * @param count per frame, from `countSpeakers`
 */
export function reconstruct(
  windows: readonly WindowAnalysis[],
  assigned: readonly Int32Array[],
  count: Uint8Array,
): FrameGrid {
  const clusters = highest(assigned) + 1;
  const speakers = Math.max(clusters, highest([count]));
  const frames = count.length;
  const votes = new Uint16Array(frames * speakers);
  windows.forEach((window, position) => {
    addVotes(votes, speakers, window, assigned[position]!, firstFrameOf(position));
  });

  const data = new Uint8Array(frames * speakers);
  for (let frame = 0; frame < frames; frame += 1) {
    const offset = frame * speakers;
    for (let place = 0; place < count[frame]!; place += 1) {
      let best = -1;
      for (let speaker = 0; speaker < speakers; speaker += 1) {
        if (data[offset + speaker] === 1) continue;
        if (best === -1 || votes[offset + speaker]! > votes[offset + best]!) best = speaker;
      }
      data[offset + best] = 1;
    }
  }
  return { frames, speakers, data };
}

/** One vote per window and frame for each global speaker that any of its local speakers is. */
function addVotes(
  votes: Uint16Array,
  speakers: number,
  { activity, frames, speakers: locals }: WindowAnalysis,
  assigned: Int32Array,
  first: number,
): void {
  for (const cluster of new Set(assigned)) {
    if (cluster === NOBODY) continue;
    const members = Array.from({ length: locals }, (_, local) => local).filter(
      (local) => assigned[local] === cluster,
    );
    for (let frame = 0; frame < frames; frame += 1) {
      if (!members.some((local) => activity[frame * locals + local] === 1)) continue;
      const index = (first + frame) * speakers + cluster;
      votes[index] = votes[index]! + 1;
    }
  }
}

function highest(values: readonly ArrayLike<number>[]): number {
  let most = -1;
  for (const row of values) {
    for (let index = 0; index < row.length; index += 1) most = Math.max(most, row[index]!);
  }
  return most;
}
