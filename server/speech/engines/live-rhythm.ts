/**
 * When the next live requests are due. A session in which somebody speaks sends a slice every three seconds, so what
 * was heard live in the last three will be heard again at the same places of the next three. Other work, of which
 * neither a model's encoder nor a speakers' window can be broken off, goes where it delays no slice, or for the least
 * time.
 */
import { type Interval, joinAcross } from '../../audio/intervals.ts';

/** The page's slices lie so far apart: milliseconds. */
const CYCLE_MS = 3_000;
/** Who has said nothing for so long may go on saying nothing: milliseconds. */
const MEMORY_MS = 3 * CYCLE_MS;
/** A live answer is often followed by another request of the same session at once: milliseconds. */
const AFTER_LIVE_MS = 100;
/** A slice may come earlier than the one before it did: milliseconds. */
const EARLY_MS = 100;
/** Work that fits nowhere goes where this share of the longest pause that can be used is still left. */
const SHARE_OF_LONGEST = 0.8;

export interface LiveRhythm {
  /** A live request, from when it was asked for until it was answered. Milliseconds of the same clock throughout. */
  heard(request: Interval): void;
  /** How long other work that takes `durationMs` waits for the only free worker. 0: it may begin. */
  waitMs(now: number, durationMs: number): number;
}

export function createLiveRhythm(): LiveRhythm {
  let requests: Interval[] = [];
  const since = (moment: number) => requests.filter((request) => request.end > moment);
  return {
    heard(request) {
      requests = [...since(request.end - MEMORY_MS), request];
    },
    waitMs(now, durationMs) {
      const known = since(now - MEMORY_MS);
      const sinceLast = now - Math.max(...known.map((request) => request.end));
      if (sinceLast < AFTER_LIVE_MS) return AFTER_LIVE_MS - sinceLast;
      const newest = since(now - CYCLE_MS - EARLY_MS);
      return pauseFor(durationMs, busyFrom(newest.length > 0 ? newest : known, now), now);
    },
  };
}

/** When live requests are expected, from the one under way on, in two cycles: every pause lies between two of them. */
function busyFrom(requests: readonly Interval[], now: number): Interval[] {
  const expected = requests.flatMap(({ start, end }) => {
    const later = (Math.floor((now - end) / CYCLE_MS) + 1) * CYCLE_MS;
    return [later, later + CYCLE_MS].map((shift) => ({ start: start - EARLY_MS + shift, end: end + shift }));
  });
  return joinAcross(
    expected.toSorted((a, b) => a.start - b.start),
    AFTER_LIVE_MS,
  );
}

function pauseFor(durationMs: number, busy: readonly Interval[], now: number): number {
  const pauses = busy.slice(1).map((request, index) => ({ start: busy[index]!.end, end: request.start }));
  const longest = Math.max(0, ...pauses.map(({ start, end }) => end - start));
  // What begins it is never used. Where hardly more is left no moment is better than another, and none may be missed.
  const usable = longest - AFTER_LIVE_MS;
  if (usable < AFTER_LIVE_MS) return 0;
  const wanted = Math.min(durationMs, SHARE_OF_LONGEST * usable);
  const first = busy[0];
  if (first === undefined || first.start - now >= wanted) return 0;
  const pause = pauses.find(({ start, end }) => end - start >= wanted);
  return pause === undefined ? 0 : pause.start - now;
}
