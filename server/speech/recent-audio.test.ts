import t from 'tap';
import { createRecentAudio } from './recent-audio.ts';

const RATE = 16_000;
const second = (value: number) => new Int16Array(RATE).fill(value);

t.test('what was appended is read, across pieces and gaps', async (t) => {
  const audio = createRecentAudio(10);
  audio.append(Int16Array.of(1, 2));
  audio.skip(2);
  audio.append(Int16Array.of(3, 4));
  t.equal(audio.end, 16);
  t.same([...(await audio.read(11, 15))], [2, 0, 0, 3]);
});

t.test('a buffer that its owner uses again does no harm', async (t) => {
  const audio = createRecentAudio(0);
  const buffer = Int16Array.of(1, 2);
  audio.append(buffer);
  buffer.fill(9);
  t.same([...(await audio.read(0, 2))], [1, 2]);
});

t.test('[S3] an hour that waits is not held in memory but read back', async (t) => {
  const audio = createRecentAudio(0, async (from, to) =>
    Int16Array.from({ length: to - from }, (_, index) => Math.floor((from + index) / RATE)),
  );
  for (let n = 0; n < 3600; n++) audio.append(second(n));
  t.ok(audio.held <= 60 * RATE);
  t.same([...(await audio.read(5 * RATE - 1, 5 * RATE + 1))], [4, 5], 'old');
  t.same(
    [...(await audio.read(3540 * RATE - 1, 3540 * RATE + 1))],
    [3539, 3540],
    'where stored and held meet',
  );
  t.same([...(await audio.read(3599 * RATE - 1, 3599 * RATE + 1))], [3598, 3599], 'new');
});

t.test('what was committed is dropped', async (t) => {
  const audio = createRecentAudio(0);
  for (let n = 0; n < 10; n++) audio.append(second(n));
  audio.discard(7.5 * RATE);
  t.equal(audio.held, 3 * RATE);
});
