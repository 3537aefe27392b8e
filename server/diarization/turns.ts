/** From the frame grid to turns. */
import { FRAMES, middleOf } from './frames.ts';
import type { FrameGrid } from './reconstruct.ts';

/** Of one numbered speaker; seconds. */
export interface GridTurn {
  readonly speaker: number;
  readonly start: number;
  readonly end: number;
}

/** pyannote.core takes shorter segments for empty. */
const SHORTEST = 1e-6;

/**
 * Each run of frames of one speaker, from the middle of its first frame to the middle of the first frame after it (of
 * the last frame, at the end), by start, then end, then speaker.
 */
export function turnsOf({ frames, speakers, data }: FrameGrid): GridTurn[] {
  const turns: GridTurn[] = [];
  // Per speaker, the first frame of the run that goes on, or -1.
  const begun = new Int32Array(speakers).fill(-1);
  const end = (speaker: number, frame: number) => {
    const turn = { speaker, start: middleOf(FRAMES, begun[speaker]!), end: middleOf(FRAMES, frame) };
    if (turn.end - turn.start > SHORTEST) turns.push(turn);
    begun[speaker] = -1;
  };
  for (let at = 0, frame = 0; frame < frames; frame += 1) {
    for (let speaker = 0; speaker < speakers; speaker += 1, at += 1) {
      if (data[at] === 1 && begun[speaker] === -1) begun[speaker] = frame;
      else if (data[at] === 0 && begun[speaker] !== -1) end(speaker, frame);
    }
  }
  begun.forEach((first, speaker) => {
    if (first !== -1) end(speaker, frames - 1);
  });
  return turns.sort((a, b) => a.start - b.start || a.end - b.end || a.speaker - b.speaker);
}

/** The speakers' numbers in the order in which they are first heard. */
export function orderOfAppearance(turns: readonly GridTurn[]): number[] {
  return [...new Set(turns.map(({ speaker }) => speaker))];
}

export function speakerLabel(position: number): string {
  return `SPEAKER_${String(position).padStart(2, '0')}`;
}
