import t from 'tap';
import { chooseWorker, movingSpeed, workerPlan } from './schedule.ts';
import { fitAudioContext } from './whisper-http.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

t.test('workers and threads follow cores, memory and model', async (t) => {
  const table = [
    { cores: 1, gib: 2, model: 75 * MIB, plan: { workers: 1, threads: 1 } },
    { cores: 2, gib: 8, model: 142 * MIB, plan: { workers: 1, threads: 2 } },
    { cores: 4, gib: 8, model: 142 * MIB, plan: { workers: 2, threads: 2 } },
    { cores: 8, gib: 16, model: 466 * MIB, plan: { workers: 2, threads: 4 } },
    { cores: 32, gib: 4, model: 466 * MIB, plan: { workers: 2, threads: 16 } },
    { cores: 16, gib: 1, model: 1536 * MIB, plan: { workers: 1, threads: 16 } },
  ];
  for (const { cores, gib, model, plan } of table) {
    t.strictSame(workerPlan({ cores, memoryBytes: gib * GIB }, model), plan, `${cores} cores`);
  }
});

t.test('a request goes where it is done first', async (t) => {
  const idle = (name: string, speed?: number) => ({ name, speed, job: undefined });
  const busy = (name: string, speed: number | undefined, seconds: number) => ({
    name,
    speed,
    job: { seconds, startedAt: 1000 },
  });
  const chosen = (candidates: Parameters<typeof chooseWorker>[0]) =>
    (chooseWorker(candidates, 6, 1000) as { name: string } | undefined)?.name;
  t.equal(chosen([]), undefined);
  t.equal(chosen([idle('slow', 2), idle('fast', 20)]), 'fast');
  t.equal(chosen([idle('known', 20), idle('new')]), 'new', 'what was never measured is measured');
  t.equal(chosen([idle('slow', 2), busy('fast', 60, 6)]), 'fast', 'waiting for it is better');
  t.equal(chosen([idle('slow', 10), busy('fast', 12, 30)]), 'slow');
  t.equal(chosen([idle('one', 5), busy('two', undefined, 3)]), 'one');
  t.equal(chosen([idle('one', 5), idle('two', 5)]), 'one');
});

t.test('speed is a moving average', async (t) => {
  t.equal(movingSpeed(undefined, 6, 500), 12);
  t.equal(movingSpeed(10, 6, 300), 13);
});

t.test('the audio context fits with room to spare and never exceeds what the model has', async (t) => {
  t.equal(fitAudioContext(3, 128), 288);
  t.equal(fitAudioContext(3, 0), 160);
  t.equal(fitAudioContext(30, 128), 1500);
  t.equal(fitAudioContext(29.9, 0), 1500);
});
