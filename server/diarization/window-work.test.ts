import t from 'tap';
import type { WindowAnalysis } from './diarizer.ts';
import { countWindows, createWindowWork } from './window-work.ts';

const analysis = (index: number): WindowAnalysis => ({
  index,
  activity: new Uint8Array(3),
  frames: 1,
  speakers: 3,
  embeddings: new Float32Array(3),
});

function workshop(done: number[] = []) {
  const stored: number[] = [];
  const read: [number, number][] = [];
  const errors: unknown[] = [];
  let open = () => {};
  let gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let waits = 0;
  let closed = 0;
  const work = createWindowWork({
    diarizer: { analyseWindow: async (index) => analysis(index) },
    done: new Set(done),
    readAudio: async (start, end) => {
      read.push([start, end]);
      return new Int16Array(1);
    },
    store: async ({ index }) => {
      stored.push(index);
    },
    whenIdle: async (signal) => {
      waits += 1;
      await Promise.race([
        gate,
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        ),
      ]);
    },
    onDone: (count) => {
      closed = count;
    },
    onError: (error) => errors.push(error),
  });
  return {
    work,
    stored,
    read,
    errors,
    open: () => open(),
    shut: () => {
      gate = new Promise((resolve) => {
        open = resolve;
      });
    },
    waits: () => waits,
    closed: () => closed,
    settle: () => new Promise(setImmediate),
  };
}

t.test('a session has one window a second once it is longer than one', async (t) => {
  t.same([0, 2, 10, 10.4, 11, 12, 60].map(countWindows), [0, 1, 1, 2, 2, 3, 51]);
});

t.test(
  '[F2] closed windows are analysed while the session runs, each after asking whether there is time',
  async (t) => {
    const { work, stored, open, waits, closed, settle } = workshop();
    work.advance(12);
    await settle();
    t.same(stored, [], 'nothing while the machine is busy');
    open();
    await settle();
    t.same(stored, [0, 1, 2]);
    t.equal(waits(), 3);
    t.equal(closed(), 3, 'and said to be done');
  },
);

t.test('[F2] the end does only what is missing, without waiting for the machine', async (t) => {
  const { work, stored, read } = workshop([0, 2]);
  work.advance(12);
  const progress: number[] = [];
  t.equal(await work.finish(12.5, (ratio) => progress.push(ratio)), 4);
  t.same(stored, [1, 3]);
  t.same(read, [
    [1, 11],
    [3, 12.5],
  ]);
  t.equal(progress.at(-1), 1);
});

t.test('[F1] asked again after the end, nothing is done twice', async (t) => {
  const { work, stored } = workshop();
  await work.finish(11);
  await work.finish(11);
  t.same(stored, [0, 1]);
});
