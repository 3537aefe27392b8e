/** A stretch of a timeline: the session's, in seconds, unless something else is said. */
export interface Interval {
  start: number;
  end: number;
}

export const middleOf = (interval: Interval): number => (interval.start + interval.end) / 2;

/** Ordered intervals in, with those nearer to each other than `gap` joined. */
export function joinAcross(intervals: readonly Interval[], gap: number): Interval[] {
  const joined: Interval[] = [];
  for (const interval of intervals) {
    const last = joined.at(-1);
    if (last !== undefined && interval.start - last.end < gap) last.end = Math.max(last.end, interval.end);
    else joined.push({ ...interval });
  }
  return joined;
}

/** How many seconds of `intervals` lie between two moments. */
export function secondsWithin(intervals: readonly Interval[], from: number, to: number): number {
  let seconds = 0;
  for (const { start, end } of intervals) seconds += Math.max(0, Math.min(end, to) - Math.max(start, from));
  return seconds;
}

/** Finds the intervals that touch a stretch, in order of start, without looking at all of them. */
export function createLookup<Item extends Readonly<Interval>>(
  items: Iterable<Item>,
): (from: number, to: number) => Item[] {
  const sorted = [...items].sort((a, b) => a.start - b.start);
  const latestEnds = latestEndsOf(sorted);
  return (from, to) => {
    const found: Item[] = [];
    for (let index = firstAtLeast(latestEnds, from); index < sorted.length; index += 1) {
      const item = sorted[index]!;
      if (item.start > to) break;
      if (item.end >= from) found.push(item);
    }
    return found;
  };
}

/** Whether a moment lies in one of the intervals; their ends do not count. */
export function createCover(intervals: Iterable<Readonly<Interval>>): (moment: number) => boolean {
  const sorted = [...intervals].sort((a, b) => a.start - b.start);
  const starts = Float64Array.from(sorted, ({ start }) => start);
  const latestEnds = latestEndsOf(sorted);
  return (moment) => latestEnds[firstAbove(starts, moment) - 1]! > moment;
}

/** Per interval, the latest end so far: ends alone may fall, these do not, so they can be searched. */
function latestEndsOf(sorted: readonly Readonly<Interval>[]): Float64Array {
  let latest = Number.NEGATIVE_INFINITY;
  return Float64Array.from(sorted, ({ end }) => {
    latest = Math.max(latest, end);
    return latest;
  });
}

/** The position of the first of rising numbers that is above `value`; their count where there is none. */
export const firstAbove = (numbers: Float64Array, value: number): number =>
  firstThat(numbers, (number) => number > value);

const firstAtLeast = (numbers: Float64Array, value: number): number =>
  firstThat(numbers, (number) => number >= value);

function firstThat(numbers: Float64Array, holds: (number: number) => boolean): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(numbers[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
