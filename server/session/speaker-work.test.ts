import t, { type Test } from 'tap';
import { createTestCorpus } from '../corpus/testing.ts';
import type { Diarizer } from '../diarization/diarizer.ts';
import { createRecentAudio } from '../speech/recent-audio.ts';
import { beginHistory, extendHistory } from './history.ts';
import { createSpeakerWork } from './speaker-work.ts';

const RATE = 16_000;
/** Samples that tell where they are, in tenths of a second. */
const timeline = Int16Array.from({ length: 60 * RATE }, (_, at) => Math.floor(at / 1600));

async function open(t: Test, stored = 0) {
  const { corpus } = await createTestCorpus(t);
  const history = beginHistory(await corpus.open('s', { language: 'en', owner: 'o', tenant: 't' }));
  corpus.subscribe('s', (event) => extendHistory(history, event));
  if (stored > 0) await corpus.append('s', [{ type: 'audio.stored', data: { start: 0, end: stored } }]);
  const heard = new Map<number, Int16Array>();
  const gathered: number[] = [];
  let enough = { count: 0, resolve: () => {} };
  const diarizer: Diarizer = {
    method: 'stand-in',
    embedder: 'none',
    async analyseWindow(index, audio) {
      heard.set(index, audio);
      return { index, activity: new Uint8Array(), frames: 0, speakers: 0, embeddings: new Float32Array() };
    },
    gather: () => ({
      advance(count) {
        gathered.push(count);
        if (count >= enough.count) enough.resolve();
      },
      async conclude(count, { duration }) {
        const turns = [{ speaker: 'SPEAKER_00', start: 0, end: duration }];
        const speakers = Array.from({ length: count }, (_, index) => String(index));
        return { method: 'stand-in', speakers, turns, exclusiveTurns: turns, centroids: [], warnings: [] };
      },
      close() {},
    }),
    async close() {},
  };
  const fromFile: [number, number][] = [];
  const recent = createRecentAudio(stored * RATE, async (from, to) => {
    fromFile.push([from, to]);
    return timeline.slice(from, to);
  });
  const work = createSpeakerWork({
    diarizer,
    services: { corpus, whenIdle: async () => {}, log: { warn: t.fail } as never },
    history,
    append: async (events) => void (await corpus.append('s', events)),
    readAudio: recent.read,
  });
  t.teardown(work.close);
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      enough = { count, resolve };
      if ((gathered.at(-1) ?? 0) >= count) resolve();
    });
  const take = (from: number, to: number) => {
    recent.append(timeline.slice(Math.max(from * RATE, recent.end), to * RATE));
    work.advance(recent.end / RATE);
  };
  return { corpus, history, heard, gathered, fromFile, work, until, take };
}

t.test(
  '[F2] windows are analysed as soon as their audio was heard, before the session’s file has it',
  async (t) => {
    const { history, heard, gathered, fromFile, until, take } = await open(t);
    for (let start = 0; start < 15; start += 3) take(start, start + 3);
    await until(6);
    t.same([...heard.keys()], [0, 1, 2, 3, 4, 5]);
    t.same(heard.get(5), timeline.slice(5 * RATE, 15 * RATE));
    t.same(gathered, [1, 2, 3, 4, 5, 6]);
    t.same(fromFile, []);
    t.equal(history.windows.size, 6, 'and each is stored');
  },
);

t.test(
  '[F2] after a restart what is in the file is read from there, and heard again for nothing',
  async (t) => {
    const { heard, fromFile, until, take } = await open(t, 12);
    take(9, 12);
    take(12, 15);
    await until(6);
    t.same(heard.get(5), timeline.slice(5 * RATE, 15 * RATE));
    t.same(fromFile.at(-1), [5 * RATE, 12 * RATE]);
  },
);

t.test('[F2] the end does the last windows and concludes them all', async (t) => {
  const { corpus, heard, work, take } = await open(t);
  take(0, 6);
  await corpus.append('s', [{ type: 'audio.stored', data: { start: 0, end: 11.5 } }]);
  take(6, 11.5);
  const { speakers, turns } = await work.finish({}, () => {});
  t.equal(speakers.length, 3);
  t.equal(turns[0]?.end, 11.5);
  t.equal(heard.get(2)?.length, 9.5 * RATE);
});
