import t from 'tap';
import { emptyTimeline, markPause, placeDecoded, placeDegraded, restoreTimeline } from './timeline.ts';

t.test('slices follow one another, decoded ones by their samples', async (t) => {
  const [one, first] = placeDecoded(emptyTimeline, 47_040);
  const [two, second] = placeDecoded(one, 48_000);
  t.same(first, { startSample: 0, endSample: 47_040, start: 0, end: 2.94 });
  t.same(second, { startSample: 47_040, endSample: 95_040, start: 2.94, end: 5.94 });
  t.equal(two.samples, 95_040);
});

t.test('[I5] a slice that cannot be decoded is a gap of its stated duration', async (t) => {
  const [timeline] = placeDecoded(emptyTimeline, 16_000);
  const [after, gap] = placeDegraded(timeline, 3000);
  t.same([gap.start, gap.end, after.samples], [1, 4, 64_000]);
});

t.test('ten thousand gaps of broken milliseconds do not drift', async (t) => {
  let timeline = emptyTimeline;
  for (let i = 0; i < 10_000; i++) [timeline] = placeDegraded(timeline, 3000.03);
  t.equal(timeline.samples, Math.round(3000.03 * 16 * 10_000));
});

t.test('a pause is marked once and takes no time', async (t) => {
  const [timeline] = placeDecoded(emptyTimeline, 16_000);
  const paused = markPause(markPause(timeline));
  const [, next] = placeDecoded(paused, 160);
  t.same(paused.pauses, [16_000]);
  t.equal(next.start, 1);
});

t.test('it goes on where events left it', async (t) => {
  for (const samples of [1, 47_041, 16_000 * 3600 * 5 + 7]) {
    t.equal(restoreTimeline(samples / 16_000).samples, samples);
  }
  t.same(restoreTimeline(4, [1, 2.5]).pauses, [16_000, 40_000]);
});
