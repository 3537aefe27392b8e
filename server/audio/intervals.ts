/** A stretch of the session's timeline, in seconds. */
export interface Interval {
  start: number;
  end: number;
}

export const middleOf = (interval: Interval): number => (interval.start + interval.end) / 2;

/** Ordered intervals in, with those nearer to each other than `gap` seconds joined. */
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

/** Finds the intervals that touch a stretch without looking at all of them. */
export function createLookup<Item extends Interval>(
  items: Iterable<Item>,
): (from: number, to: number) => Item[] {
  const bySecond = new Map<number, Item[]>();
  for (const item of items) {
    for (let second = Math.floor(item.start); second <= item.end; second += 1) {
      const there = bySecond.get(second);
      if (there === undefined) bySecond.set(second, [item]);
      else there.push(item);
    }
  }
  return (from, to) => {
    const found = new Set<Item>();
    for (let second = Math.floor(from); second <= to; second += 1) {
      for (const item of bySecond.get(second) ?? [])
        if (item.start <= to && item.end >= from) found.add(item);
    }
    return [...found];
  };
}
