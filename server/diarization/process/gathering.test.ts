import t from 'tap';
import { writeNetworks } from '../../../fixtures/onnx/write-networks.ts';
import type { WindowAnalysis } from '../diarizer.ts';
import { createGatherer } from './gathering.ts';
import { startNetworkProcess } from './supervisor.ts';

const networks = { modelsDirectory: await writeNetworks(t.testdir(), 'tiny'), threads: 1, phantomSeconds: 0 };

/** One voice that speaks all the time. */
const window = (index: number): WindowAnalysis => ({
  index,
  activity: Uint8Array.from({ length: 589 * 3 }, (_, at) => (at % 3 === 0 ? 1 : 0)),
  frames: 589,
  speakers: 3,
  embeddings: Float32Array.from({ length: 3 * 256 }, (_, at) => (at < 256 ? 1 + (at % 5) : Number.NaN)),
});

const process = await startNetworkProcess({ networks, onDeath: () => {} });
t.teardown(process.close);

const errors: unknown[] = [];
const gather = createGatherer(process, (error) => errors.push(error));

function open() {
  const read: number[] = [];
  const gathering = gather(async (index) => {
    read.push(index);
    return window(index);
  });
  return { gathering, read };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

t.test(
  '[F2] what was gathered while the recording went on is not handed over again at its end',
  async (t) => {
    const { gathering, read } = open();
    for (const count of [1, 2, 5]) gathering.advance(count);
    const found = await gathering.conclude(5, { duration: 14 });
    t.same(read, upTo(5));
    t.same(found.speakers, ['SPEAKER_00']);
    await gathering.conclude(6, { duration: 15 });
    t.same(read, upTo(6));
  },
);

t.test('what a process knew that has ended is told its successor', async (t) => {
  const { gathering, read } = open();
  gathering.advance(3);
  await gathering.conclude(3, { duration: 12 });
  global.process.kill(process.pid!, 'SIGKILL');
  const found = await gathering.conclude(4, { duration: 13 });
  t.same(found.speakers, ['SPEAKER_00']);
  t.same(read.slice(0, 3), upTo(3));
  t.same(read.slice(-4), upTo(4));
});

t.test('windows of hours are handed over in parts, and recordings are kept apart', async (t) => {
  const { gathering } = open();
  const silent = gather(async (index) => ({ ...window(index), activity: new Uint8Array(589 * 3) }));
  const [heard, nothing] = await Promise.all([
    gathering.conclude(234, { duration: 243 }),
    silent.conclude(1234, { duration: 1243 }),
  ]);
  t.same(heard.speakers, ['SPEAKER_00']);
  t.same(nothing.turns, []);
});

t.test('a window that cannot be read is told ahead and again at the end', async (t) => {
  const gathering = gather(async () => Promise.reject(new Error('unreadable')));
  gathering.advance(2);
  await t.rejects(gathering.conclude(2, { duration: 11 }), { message: 'unreadable' });
  t.match(errors, [{ message: 'unreadable' }]);
});

t.test('a missing window is an error', async (t) => {
  const gathering = gather(async (index) => window(index + 1));
  await t.rejects(gathering.conclude(2, { duration: 11 }), { message: 'Window 0 is missing.' });
});

t.test('a recording that is closed is forgotten there', async (t) => {
  const { gathering, read } = open();
  gathering.advance(3);
  await gathering.conclude(3, { duration: 12 });
  gathering.close();
  gathering.advance(5);
  await t.rejects(gathering.conclude(5, { duration: 14 }), { message: /closed/ });
  t.same(read, upTo(3));
});
