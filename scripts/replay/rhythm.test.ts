import t from 'tap';
import { createManualClock } from '../../server/clock.ts';
import { inRhythm } from './rhythm.ts';

async function* times(...seconds: number[]) {
  yield* seconds.map((each) => each * 1000);
}

/** When, in seconds from the start, each thing passed. */
async function passed(speed: number, ...seconds: number[]): Promise<number[]> {
  const clock = createManualClock();
  const seen: number[] = [];
  let over = false;
  const all = (async () => {
    for await (const _ of inRhythm(times(...seconds), (time) => time, { speed, clock }))
      seen.push(clock.now() / 1000);
    over = true;
  })();
  while (!over) await clock.advance(500);
  await all;
  return seen;
}

t.test('things pass as far apart as they happened, or so many times faster', async (t) => {
  t.same(await passed(1, 100, 103, 103, 106.5), [0, 3, 3, 6.5]);
  t.same(await passed(2, 100, 103, 103, 107), [0, 1.5, 1.5, 3.5]);
});

t.test('nobody waits for days, and a clock that went backwards holds nothing up', async (t) => {
  t.same(await passed(1, 0, 3, 500_000, 500_002), [0, 3, 13, 15]);
  t.same(await passed(1, 10, 5, 6), [0, 0, 1]);
});

t.test('at once is at once', async (t) => {
  t.same(await passed(Number.POSITIVE_INFINITY, 0, 3, 500_000), [0, 0, 0]);
});
