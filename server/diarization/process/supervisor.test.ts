import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { writeNetworks } from '../../../fixtures/onnx/write-networks.ts';
import { concludeAll } from '../diarizer.ts';
import { SEGMENTATION_FILE } from '../load-networks.ts';
import { createGatherer } from './gathering.ts';
import { type NetworkProcess, startNetworkProcess } from './supervisor.ts';

const modelsDirectory = await writeNetworks(t.testdir(), 'tiny');
const networks = { modelsDirectory, threads: 1, phantomSeconds: 0 };

/** Ten seconds of a steady value: the tiny network hears one speaker. */
const steady = new Int16Array(160_000).fill(16_000);
const analyse = (process: NetworkProcess, index: number) =>
  process.request({ method: 'analyse', index, audio: steady });

t.test('windows are analysed and concluded in another process of lower priority', async (t) => {
  const process = await startNetworkProcess({ networks, onDeath: () => t.fail('it must not die') });
  t.equal(process.loaded.method, 'agglomerative');
  t.ok(getPriority(process.pid!) > getPriority());
  const windows = await Promise.all(Array.from({ length: 11 }, (_, index) => analyse(process, index)));
  t.same(
    windows.map(({ index }) => index),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  const found = await concludeAll({ gather: createGatherer(process, (error) => t.error(error)) }, windows, {
    duration: 20,
  });
  t.same(found.speakers, ['SPEAKER_00']);
  t.equal(found.centroids[0]?.length, 256);
  await process.close();
});

t.test('a process that dies is replaced, and what was in flight is tried once more', async (t) => {
  const deaths: (NodeJS.Signals | null)[] = [];
  const process = await startNetworkProcess({ networks, onDeath: (_, signal) => deaths.push(signal) });
  const first = process.pid!;
  const analyses = Promise.all([analyse(process, 0), analyse(process, 1)]);
  global.process.kill(first, 'SIGKILL');
  t.same(
    (await analyses).map(({ index }) => index),
    [0, 1],
  );
  t.same(deaths, ['SIGKILL']);
  t.not(process.pid, first);
  await process.close();
});

t.test('what kills two processes is given up, and the next request is answered', async (t) => {
  const process = await startNetworkProcess({
    networks,
    onDeath: () => {
      // The second attempt's process, as soon as there is one.
      setImmediate(
        () => process.pid !== undefined && kills-- > 0 && global.process.kill(process.pid, 'SIGKILL'),
      );
    },
  });
  let kills = 1;
  const analysis = analyse(process, 0);
  global.process.kill(process.pid!, 'SIGKILL');
  await t.rejects(analysis, { name: 'ProcessEndedError' });
  t.equal((await analyse(process, 5)).index, 5);
  await process.close();
});

t.test('one bad window does not fail those beside it', async (t) => {
  const process = await startNetworkProcess({ networks, onDeath: () => t.fail('it must not die') });
  const tooLong = process.request({ method: 'analyse', index: 1, audio: new Int16Array(160_001) });
  const results = await Promise.allSettled([analyse(process, 0), tooLong, analyse(process, 2)]);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  await process.close();
});

t.test('networks that do not load are an error, and leave no process behind', async (t) => {
  const damaged = await writeNetworks(t.testdir(), 'tiny');
  writeFileSync(join(damaged, SEGMENTATION_FILE), 'not a network');
  const started = startNetworkProcess({
    networks: { ...networks, modelsDirectory: damaged },
    onDeath: () => {},
  });
  await t.rejects(started, { message: `${SEGMENTATION_FILE} is not an ONNX network that can be run.` });
});

t.test('after closing nothing is answered', async (t) => {
  const process = await startNetworkProcess({ networks, onDeath: () => t.fail('closing is no death') });
  const inFlight = t.rejects(analyse(process, 0));
  await process.close();
  await inFlight;
  await t.rejects(analyse(process, 1), { message: 'Diarization has been stopped.' });
  t.equal(process.pid, undefined);
});

t.test('the process ends when the server is gone', async (t) => {
  const { fork } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const child = fork(fileURLToPath(new URL('./network-process.mjs', import.meta.url)), { execArgv: [] });
  // It listens once it has answered.
  child.send({ id: 0, method: 'conclude', recording: 0, options: { duration: 0 } });
  await once(child, 'message');
  child.disconnect();
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
});
