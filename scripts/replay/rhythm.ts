/** Lets things pass in the rhythm in which they happened. */
import type { Clock } from '../../server/clock.ts';

/** Seconds: nobody waits longer for the next thing, though days may lie between them. */
export const LONGEST_SILENCE = 10;

export interface Rhythm {
  /** 1: as it was; 2: twice as fast; Infinity: at once. */
  speed: number;
  clock: Clock;
}

/** `timeOf`: milliseconds since 1970. Delays do not add up: each thing is due at its time since the first. */
export async function* inRhythm<Item>(
  items: AsyncIterable<Item>,
  timeOf: (item: Item) => number,
  { speed, clock }: Rhythm,
): AsyncGenerator<Item> {
  const begun = clock.now();
  let due = 0;
  let last: number | undefined;
  for await (const item of items) {
    const time = timeOf(item);
    const silence = Math.max(0, time - (last ?? time));
    due += Math.min(silence, LONGEST_SILENCE * 1000) / speed;
    last = time;
    const wait = due - (clock.now() - begun);
    if (wait > 0) await new Promise<void>((resolve) => clock.after(wait, resolve));
    yield item;
  }
}
