/** Diarization error rate: the share of the speech that is missed, made up, or given to the wrong speaker. */
import type { Turn } from '../../shared/transcript.ts';
import { assignRows } from './assignment.ts';
import { zeros } from './matrix.ts';

export interface ErrorRateOptions {
  /** Seconds on each side of every boundary of the reference that are not scored. */
  readonly collar?: number;
  /** Leaves out where more than one speaker of the reference speaks. */
  readonly skipOverlap?: boolean;
  /** Only this stretch is scored. */
  readonly within?: { readonly start: number; readonly end: number };
}

/** Seconds of speaker time. */
export interface ErrorTimes {
  /** Speaker time of the reference. */
  readonly total: number;
  readonly missed: number;
  readonly falseAlarm: number;
  readonly confusion: number;
}

/** A stretch in which nobody starts or stops. */
interface Stretch {
  readonly duration: number;
  readonly reference: ReadonlySet<string>;
  readonly hypothesis: ReadonlySet<string>;
}

/** Errors under the mapping of speakers that agrees longest. */
export function compareTurns(
  reference: readonly Turn[],
  hypothesis: readonly Turn[],
  options: ErrorRateOptions = {},
): ErrorTimes {
  const stretches = stretchesOf(reference, hypothesis, options);
  const mapping = bestMapping(stretches);
  const times = { total: 0, missed: 0, falseAlarm: 0, confusion: 0 };
  for (const { duration, reference: spoken, hypothesis: found } of stretches) {
    const correct = [...found].filter((speaker) => spoken.has(mapping.get(speaker) ?? '')).length;
    times.total += duration * spoken.size;
    times.missed += duration * Math.max(0, spoken.size - found.size);
    times.falseAlarm += duration * Math.max(0, found.size - spoken.size);
    times.confusion += duration * (Math.min(spoken.size, found.size) - correct);
  }
  return times;
}

/** 0 for no error; may exceed 1. Nothing said and nothing found is no error. */
export function errorRate({ total, missed, falseAlarm, confusion }: ErrorTimes): number {
  const errors = missed + falseAlarm + confusion;
  if (total === 0) return errors === 0 ? 0 : Number.POSITIVE_INFINITY;
  return errors / total;
}

export function addTimes(a: ErrorTimes, b: ErrorTimes): ErrorTimes {
  return {
    total: a.total + b.total,
    missed: a.missed + b.missed,
    falseAlarm: a.falseAlarm + b.falseAlarm,
    confusion: a.confusion + b.confusion,
  };
}

function stretchesOf(
  reference: readonly Turn[],
  hypothesis: readonly Turn[],
  { collar = 0, skipOverlap = false, within }: ErrorRateOptions,
): Stretch[] {
  const edges: { time: number; change: () => void }[] = [];
  const spoken = new Map<string, number>();
  const found = new Map<string, number>();
  let unscored = within === undefined ? 0 : 1;
  const count = (speakers: Map<string, number>, speaker: string, by: number) => () => {
    const turns = (speakers.get(speaker) ?? 0) + by;
    if (turns === 0) speakers.delete(speaker);
    else speakers.set(speaker, turns);
  };
  const block = (start: number, end: number, by: number) => {
    edges.push(
      { time: start, change: () => (unscored += by) },
      { time: end, change: () => (unscored -= by) },
    );
  };
  const add = (speakers: Map<string, number>, turns: readonly Turn[]) => {
    for (const { speaker, start, end } of turns) {
      if (end <= start) continue;
      edges.push(
        { time: start, change: count(speakers, speaker, 1) },
        { time: end, change: count(speakers, speaker, -1) },
      );
    }
  };
  add(spoken, reference);
  add(found, hypothesis);
  if (within !== undefined) block(within.start, within.end, -1);
  if (collar > 0) {
    for (const time of reference.flatMap(({ start, end }) => [start, end]))
      block(time - collar, time + collar, 1);
  }
  edges.sort((a, b) => a.time - b.time);

  const stretches: Stretch[] = [];
  edges.forEach(({ time, change }, index) => {
    change();
    const duration = (edges[index + 1]?.time ?? time) - time;
    if (duration <= 0 || unscored > 0 || (skipOverlap && spoken.size > 1)) return;
    if (spoken.size + found.size === 0) return;
    stretches.push({ duration, reference: new Set(spoken.keys()), hypothesis: new Set(found.keys()) });
  });
  return stretches;
}

/** From the speakers found to those of the reference, one to one. */
function bestMapping(stretches: readonly Stretch[]): Map<string, string> {
  const spoken = [...new Set(stretches.flatMap(({ reference }) => [...reference]))];
  const found = [...new Set(stretches.flatMap(({ hypothesis }) => [...hypothesis]))];
  const together = zeros(found.length, spoken.length);
  for (const { duration, reference, hypothesis } of stretches) {
    for (const speaker of hypothesis) {
      for (const other of reference) {
        const index = found.indexOf(speaker) * spoken.length + spoken.indexOf(other);
        together.data[index] = together.data[index]! + duration;
      }
    }
  }
  const mapping = new Map<string, string>();
  assignRows(together).forEach((column, row) => {
    if (column !== -1) mapping.set(found[row]!, spoken[column]!);
  });
  return mapping;
}
