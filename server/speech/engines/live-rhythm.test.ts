import t from 'tap';
import { createLiveRhythm } from './live-rhythm.ts';

/** Sessions that were heard at these places of every three seconds until now, which is 9,000. */
function rhythmOf(places: readonly [number, number][]) {
  const rhythm = createLiveRhythm();
  for (const cycle of [0, 3000, 6000]) {
    for (const [start, end] of places) rhythm.heard({ start: cycle + start, end: cycle + end });
  }
  return rhythm;
}

t.test('[F2] other work is done before the next slice', async (t) => {
  const table = [
    { now: 8500, duration: 1500, wait: 100, why: 'the same session may ask again at once' },
    { now: 8600, duration: 1500, wait: 0 },
    { now: 9300, duration: 1500, wait: 0 },
    { now: 9500, duration: 1500, wait: 2000, why: 'its slice would come first' },
    { now: 9500, duration: 1300, wait: 0 },
    { now: 11_200, duration: 100, wait: 300, why: 'the slice is due' },
    { now: 11_700, duration: 1500, wait: 0, why: 'it has not come' },
    { now: 18_000, duration: 1500, wait: 0, why: 'nobody has spoken for three slices' },
  ];
  for (const { now, duration, wait, why = '' } of table) {
    const rhythm = rhythmOf([
      [2000, 2200],
      [2205, 2500],
    ]);
    t.equal(rhythm.waitMs(now, duration), wait, `at ${now}, ${duration} ms long: ${why}`);
  }
  t.equal(createLiveRhythm().waitMs(0, 1500), 0, 'nothing was heard');
});

t.test('[F2] among several sessions it goes into a pause that is long enough', async (t) => {
  const rhythm = rhythmOf([
    [300, 800],
    [1400, 1900],
    [2400, 2900],
  ]);
  t.equal(rhythm.waitMs(9000, 300), 800, 'the first slice is due in 300 ms, but may come early');
  t.equal(rhythm.waitMs(9000, 150), 0);
  rhythm.heard({ start: 9300, end: 9800 });
  t.equal(rhythm.waitMs(9900, 400), 0);
  t.equal(rhythm.waitMs(9900, 1500), 0, 'it fits nowhere, and this is the longest pause');
  t.equal(rhythm.waitMs(10_000, 1500), 900, 'too little of this one is left');
  t.equal(rhythm.waitMs(11_950, 1500), 850, 'the pause of one who says nothing now comes next');
});

t.test(
  '[F2] a pause too short for it is used from its beginning, so that nothing waits for ever',
  async (t) => {
    for (const pause of [320, 400, 600]) {
      // A slice may come early, and what was asked for last may be followed by more.
      const rhythm = rhythmOf([[pause, 3000]]);
      t.equal(rhythm.waitMs(9100, 1500), 0, `${pause} ms`);
      t.equal(rhythm.waitMs(9110, 1500), 0, `${pause} ms, looked at a little late`);
    }
  },
);

t.test('[F2] where no pause can be expected no moment is better than another', async (t) => {
  const rhythm = rhythmOf([
    [0, 1500],
    [1200, 2900],
  ]);
  t.equal(rhythm.waitMs(9100, 1500), 0);
  rhythm.heard({ start: 9200, end: 14_000 });
  t.equal(rhythm.waitMs(14_100, 1500), 0);
});
