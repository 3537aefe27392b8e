/** Going on from what was found ahead, on the real recordings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GOLDEN_CLIPS, GOLDEN_PLDA, goldenMissing, readGoldenWindows } from '../../fixtures/golden.ts';
import { THRESHOLD } from './clustering.ts';
import { compareTurns, errorRate } from './der.ts';
import { conclude } from './pipeline.ts';
import { loadPlda } from './plda-files.ts';
import { createRecording } from './recording.ts';
import { parseRttm } from './rttm.ts';
import { findWarmStart, warmStartSize } from './warm-start.ts';

const long = goldenMissing ? undefined : GOLDEN_CLIPS.find(({ name }) => name === 'long-recording')!;
const plda = goldenMissing ? undefined : (await loadPlda(GOLDEN_PLDA))!;
const settings = { plda: plda!, threshold: THRESHOLD, trainingLimit: 6000 };
const networks = {
  findWarmStart: (windows: Parameters<typeof findWarmStart>[0]) => findWarmStart(windows, settings),
  conclude: (
    windows: Parameters<typeof conclude>[0],
    options: Parameters<typeof conclude>[1],
    earlier?: Parameters<typeof conclude>[3],
  ) => conclude(windows, options, { plda }, earlier),
};

t.test('how much is found ahead depends on the number of windows alone, and leaves a margin', async (t) => {
  t.same([0, 300, 629, 630, 749, 750, 3591].map(warmStartSize), [0, 0, 0, 600, 660, 660, 3361]);
});

t.test(
  '[F2] from what was found ahead the speakers are those of the original',
  { skip: goldenMissing },
  async (t) => {
    const windows = readGoldenWindows(long!.directory);
    const size = warmStartSize(windows.length);
    t.ok(size > 600, `${size} of ${windows.length} windows are found ahead`);
    const earlier = networks.findWarmStart(windows.slice(0, size));
    const { turns } = networks.conclude(windows, { duration: Number.POSITIVE_INFINITY }, earlier);
    const reference = [
      ...parseRttm(readFileSync(join(long!.directory, 'reference.rttm'), 'utf8')).values(),
    ][0]!;
    const rate = errorRate(compareTurns(reference, turns));
    t.ok(rate <= 0.0005, `the error rate is ${rate}`);
  },
);

t.test('[F2] the answer does not depend on when windows came', { skip: goldenMissing }, async (t) => {
  const windows = readGoldenWindows(long!.directory);
  const options = { duration: Number.POSITIVE_INFINITY };
  const atOnce = createRecording(networks);
  atOnce.add(windows);
  const inTurn = createRecording(networks);
  for (const window of windows) {
    inTurn.add([window]);
    inTurn.lookAhead();
  }
  t.same(inTurn.conclude(options).turns, atOnce.conclude(options).turns);
});

t.test('[F2] ten minutes of silence ahead are no hindrance', { skip: goldenMissing }, async (t) => {
  const heard = readGoldenWindows(GOLDEN_CLIPS[0]!.directory);
  const silent = Array.from({ length: 700 }, () => ({
    ...heard[0]!,
    activity: new Uint8Array(heard[0]!.activity.length),
    embeddings: new Float32Array(heard[0]!.embeddings.length).fill(Number.NaN),
  }));
  const windows = [...silent, ...heard].map((window, index) => ({ ...window, index }));
  const recording = createRecording(networks);
  recording.add(windows);
  const { speakers } = recording.conclude({ duration: Number.POSITIVE_INFINITY });
  t.same(speakers, networks.conclude(heard, { duration: Number.POSITIVE_INFINITY }).speakers);
});
