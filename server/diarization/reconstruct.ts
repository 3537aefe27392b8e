/** From the windows' local speakers back to one frame grid over the whole recording. */
import { NOBODY } from './assign.ts';
import type { WindowAnalysis } from './diarizer.ts';
import { firstFrameOf, frameCount, roundHalfEven } from './frames.ts';

/** Who speaks in which frame. */
export interface FrameGrid {
  readonly frames: number;
  readonly speakers: number;
  /** frames × speakers, row by row, 0 or 1. */
  readonly data: Uint8Array;
}

/** What the first `windows` windows say of each frame that they cover. */
export interface ActivitySums {
  readonly windows: number;
  /** How many local speakers speak there, over all windows. */
  readonly sums: Uint16Array;
  /** How many windows cover it. */
  readonly covering: Uint16Array;
}

/** `earlier`: the sums over the first of the windows, where they are known. */
export function sumActivity(windows: readonly WindowAnalysis[], earlier?: ActivitySums): ActivitySums {
  const frames = frameCount(windows.length);
  const sums = new Uint16Array(frames);
  const covering = new Uint16Array(frames);
  sums.set(earlier?.sums ?? []);
  covering.set(earlier?.covering ?? []);
  for (let position = earlier?.windows ?? 0; position < windows.length; position += 1) {
    addActivity(sums, covering, windows[position]!, firstFrameOf(position));
  }
  return { windows: windows.length, sums, covering };
}

function addActivity(
  sums: Uint16Array,
  covering: Uint16Array,
  { activity, frames, speakers }: WindowAnalysis,
  first: number,
): void {
  let at = 0;
  for (let frame = first; frame < first + frames; frame += 1) {
    let sum = 0;
    for (const end = at + speakers; at < end; at += 1) sum += activity[at]!;
    sums[frame] = sums[frame]! + sum;
    covering[frame] = covering[frame]! + 1;
  }
}

/** Per frame, how many speak at once: the mean over the windows that cover it, halves to the even number. */
export function countSpeakers({ sums, covering }: ActivitySums): Uint8Array {
  const counts = new Uint8Array(sums.length);
  for (let frame = 0; frame < sums.length; frame += 1) {
    if (sums[frame] !== 0) counts[frame] = roundHalfEven(sums[frame]! / covering[frame]!);
  }
  return counts;
}

/** Local speakers that are silent throughout their window belong to nobody. */
export function releaseSilent(
  active: readonly (readonly boolean[])[],
  assigned: readonly Int32Array[],
): Int32Array[] {
  return assigned.map((speakers, position) => {
    const released = speakers.slice();
    for (let speaker = 0; speaker < released.length; speaker += 1) {
      if (!active[position]![speaker]) released[speaker] = NOBODY;
    }
    return released;
  });
}

/** How many windows hear whom in which frame. */
export interface Votes {
  readonly frames: number;
  /** One more than the highest global speaker. */
  readonly speakers: number;
  /** frames × speakers, row by row. */
  readonly data: Uint16Array;
}

/** @param assigned per window, the global speaker of each local one */
export function castVotes(windows: readonly WindowAnalysis[], assigned: readonly Int32Array[]): Votes {
  const frames = frameCount(windows.length);
  const speakers = highest(assigned) + 1;
  const votes = { frames, speakers, data: new Uint16Array(frames * speakers) };
  windows.forEach((window, position) => {
    addVotes(votes, window, assigned[position]!, firstFrameOf(position));
  });
  return votes;
}

/**
 * In each frame, as many speakers as were counted, those first whom most windows hear there; equal ones by their number.
 * Where more are counted than there are clusters, silent ones with the next numbers make up for it, as in the original.
 *
 * @param count per frame, from `countSpeakers`
 */
export function reconstruct(heard: Votes, count: Uint8Array): FrameGrid {
  const { frames } = heard;
  const speakers = Math.max(heard.speakers, highest([count]));
  const votes = widen(heard, speakers);
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

function widen({ frames, speakers, data }: Votes, wanted: number): Uint16Array {
  if (speakers === wanted) return data;
  const wider = new Uint16Array(frames * wanted);
  for (let frame = 0; frame < frames; frame += 1) {
    wider.set(data.subarray(frame * speakers, (frame + 1) * speakers), frame * wanted);
  }
  return wider;
}

/** One vote per window and frame for each global speaker that any of its local speakers is. */
function addVotes(
  { speakers, data }: Votes,
  { activity, frames, speakers: locals }: WindowAnalysis,
  assigned: Int32Array,
  first: number,
): void {
  for (let local = 0; local < locals; local += 1) {
    const cluster = assigned[local]!;
    if (cluster === NOBODY) continue;
    for (let frame = 0; frame < frames; frame += 1) {
      const row = frame * locals;
      if (activity[row + local] === 0 || votedBefore(activity, row, assigned, local)) continue;
      const index = (first + frame) * speakers + cluster;
      data[index] = data[index]! + 1;
    }
  }
}

/** Whether a local speaker before this one, who is the same person, speaks in the frame as well. */
function votedBefore(activity: Uint8Array, row: number, assigned: Int32Array, local: number): boolean {
  for (let other = 0; other < local; other += 1) {
    if (assigned[other] === assigned[local] && activity[row + other] !== 0) return true;
  }
  return false;
}

function highest(values: readonly ArrayLike<number>[]): number {
  let most = -1;
  for (const row of values) {
    for (let index = 0; index < row.length; index += 1) most = Math.max(most, row[index]!);
  }
  return most;
}
