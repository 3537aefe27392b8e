import t from 'tap';
import { createManualClock } from '../../clock.ts';
import type { Hypothesis, TranscriptionRequest } from '../engine.ts';
import { createEnginePool } from './pool.ts';
import { type EngineWorker, type WorkerFactory, WorkerFault } from './worker.ts';

/** A worker whose every step the test decides. */
function puppet(name: string) {
  const starts: { ready(): void; fail(message: string): void; loaded(share: number): void }[] = [];
  const requests: {
    request: TranscriptionRequest;
    answer(text: string): void;
    fail(fault: WorkerFault): void;
  }[] = [];
  let die = () => {};
  const stops: number[] = [];
  const worker = (): EngineWorker => ({
    transcribe: (request) =>
      new Promise((resolve, reject) => {
        requests.push({ request, answer: (text) => resolve(said(text)), fail: reject });
      }),
    ended: new Promise((resolve) => {
      die = resolve;
    }),
    async stop() {
      stops.push(stops.length);
      die();
    },
  });
  const factory: WorkerFactory = {
    name,
    start: (_, loaded) =>
      new Promise((resolve, reject) => {
        starts.push({
          loaded,
          ready: () => resolve(worker()),
          fail: (message) => reject(new WorkerFault('start', message)),
        });
      }),
  };
  return { factory, starts, requests, stops, die: () => die() };
}

const said = (text: string): Hypothesis => ({
  words: [{ text, start: 0, end: 1, probability: 1 }],
  language: 'en',
  dropped: 0,
});
const turn = () => new Promise(setImmediate);
const ask = (priority: 'live' | 'background' = 'live', extra: Partial<TranscriptionRequest> = {}) => ({
  audio: new Int16Array(16_000),
  language: 'en',
  priority,
  ...extra,
});

async function poolOf(count: number) {
  const clock = createManualClock();
  const puppets = Array.from({ length: count }, (_, index) => puppet(`worker ${index}`));
  const faults: string[] = [];
  const pool = createEnginePool({
    workers: puppets.map(({ factory }) => factory),
    clock,
    description: { name: 'puppet', model: 'none' },
    backoff: { initialMs: 100, maxMs: 1000 },
    onFault: ({ kind }) => faults.push(kind),
  });
  return { pool, puppets, clock, faults };
}

async function readyPool(count: number) {
  const parts = await poolOf(count);
  for (const { starts } of parts.puppets) starts[0]!.ready();
  await turn();
  return parts;
}

t.test(
  '[S1] how much of the model is loaded is told in whole per cent until a worker is ready',
  async (t) => {
    const { pool, puppets } = await poolOf(2);
    const told: [string, number | undefined][] = [];
    pool.onStateChange(() => told.push([pool.state, pool.loadedPercent]));
    const [first, second] = puppets.map(({ starts }) => starts[0]!);
    first!.loaded(0.101);
    first!.loaded(0.109);
    second!.loaded(0.055);
    second!.loaded(0.5);
    second!.ready();
    await turn();
    first!.loaded(0.9);
    first!.ready();
    t.strictSame(told, [
      ['starting', 10],
      ['starting', 50],
      ['ready', undefined],
    ]);
    await pool.close();
  },
);

t.test('[S5] nothing is promised before a worker is ready', async (t) => {
  const { pool, puppets } = await poolOf(1);
  const states: string[] = [];
  pool.onStateChange(() => states.push(pool.state));
  t.equal(pool.state, 'starting');
  await t.rejects(pool.transcribe(ask()), { code: 'ENGINE_UNAVAILABLE' });
  puppets[0]!.starts[0]!.ready();
  await turn();
  t.strictSame(states, ['ready']);
  await pool.close();
});

t.test('live requests go before background ones', async (t) => {
  const { pool, puppets, clock } = await readyPool(1);
  const [worker] = puppets;
  const order: string[] = [];
  const first = pool.transcribe(ask()).then(() => order.push('first'));
  const background = pool.transcribe(ask('background')).then(() => order.push('background'));
  const live = pool.transcribe(ask()).then(() => order.push('live'));
  for (let index = 0; index < 3; index += 1) {
    worker!.requests[index]!.answer('word');
    await turn();
    await clock.advance(100);
  }
  await Promise.all([first, background, live]);
  t.strictSame(order, ['first', 'live', 'background']);
  await pool.close();
});

t.test('[S1] the glance of one session goes before what is certain of another', async (t) => {
  const { pool, puppets } = await readyPool(1);
  const { requests } = puppets[0]!;
  const first = pool.transcribe(ask());
  const rest = [pool.transcribe(ask()), pool.transcribe(ask('live', { preview: true }))];
  requests[0]!.answer('first');
  await first;
  t.equal(requests[1]!.request.preview, true);
  requests[1]!.answer('glance');
  await rest[1];
  requests[2]!.answer('certain');
  t.match(await rest[0], said('certain'));
  await pool.close();
});

t.test('a background request makes way for a live one and is done again', async (t) => {
  const { pool, puppets, clock } = await readyPool(1);
  const { requests } = puppets[0]!;
  const background = pool.transcribe(ask('background'));
  const live = pool.transcribe(ask());
  await turn();
  t.ok(requests[0]!.request.signal?.aborted);
  requests[1]!.answer('live');
  t.match(await live, said('live'));
  await clock.advance(100);
  requests[2]!.answer('background');
  t.match(await background, said('background'));
  await pool.close();
});

/** A request that takes half a second, so that a background one like it is expected to. */
async function hearOne(
  pool: ReturnType<typeof createEnginePool>,
  requests: () => { answer(text: string): void }[],
  clock: ReturnType<typeof createManualClock>,
) {
  const live = pool.transcribe(ask());
  await clock.advance(500);
  requests().at(-1)!.answer('live');
  await live;
}

t.test('[S5] background work is done before the next slice, or begins when it has not come', async (t) => {
  const { pool, puppets, clock } = await readyPool(1);
  const { requests } = puppets[0]!;
  await hearOne(pool, () => requests, clock);
  await clock.advance(2000);
  const background = pool.transcribe(ask('background'));
  await clock.advance(500);
  t.equal(requests.length, 1, 'the next slice is near');
  await hearOne(pool, () => requests, clock);
  t.equal(requests.length, 2, 'the same session may ask again at once');
  await clock.advance(100);
  t.equal(requests.length, 3);
  await clock.advance(500);
  requests[2]!.answer('background');
  t.match(await background, said('background'));
  await clock.advance(1400);
  void pool.transcribe(ask('background'));
  await clock.advance(999);
  t.equal(requests.length, 3);
  await clock.advance(1);
  t.equal(requests.length, 4, 'no slice has come');
  requests[3]!.answer('background');
  await pool.close();
});

t.test('[S5] the last free worker alone is kept for the next slice', async (t) => {
  const { pool, puppets, clock } = await readyPool(2);
  const [first, second] = puppets;
  await hearOne(pool, () => [...first!.requests, ...second!.requests], clock);
  await clock.advance(2000);
  const background = [1, 2].map(() => pool.transcribe(ask('background')));
  t.equal(first!.requests.length + second!.requests.length, 2);
  await clock.advance(1000);
  t.equal(first!.requests.length + second!.requests.length, 3);
  for (const { answer } of [...first!.requests, ...second!.requests]) answer('background');
  await Promise.all(background);
  await pool.close();
});

t.test(
  '[F2] other work on the machine begins when no answer is awaited and the next slice is far',
  async (t) => {
    const { pool, puppets, clock } = await readyPool(1);
    const { requests } = puppets[0]!;
    const order: string[] = [];
    const quiet = (name: string, milliseconds = 700, signal = new AbortController().signal) =>
      pool.whenQuiet(milliseconds, signal).then(() => order.push(name));
    void quiet('with the slice');
    const live = pool.transcribe(ask());
    await clock.advance(1000);
    t.strictSame(order, [], 'the slice is being heard');
    requests[0]!.answer('live');
    await live;
    await clock.advance(99);
    t.strictSame(order, []);
    await clock.advance(1);
    t.strictSame(order, ['with the slice']);
    await clock.advance(1000);
    void quiet('long', 1500);
    void quiet('short');
    await clock.advance(0);
    t.strictSame(order.splice(0), ['with the slice', 'short'], 'only the short one is done in time');
    const abort = new AbortController();
    const refused = quiet('closed', 1500, abort.signal);
    abort.abort(new Error('closed'));
    await t.rejects(refused, { message: 'closed' });
    await clock.advance(1900);
    t.strictSame(order, ['long'], 'the slice has not come');

    void pool.transcribe(ask()).catch(() => {});
    const last = quiet('at the end');
    await pool.close();
    await last;
  },
);

t.test('a background request is not put off for ever', async (t) => {
  const { pool, puppets, clock } = await readyPool(1);
  const { requests } = puppets[0]!;
  const background = pool.transcribe(ask('background'));
  for (let round = 0; round < 5; round += 1) {
    const live = pool.transcribe(ask());
    await turn();
    requests.at(-1)!.answer('live');
    await live;
    await clock.advance(100);
  }
  const waiting = pool.transcribe(ask());
  await turn();
  t.equal(requests.at(-1)!.request.priority, 'background');
  t.notOk(requests.at(-1)!.request.signal?.aborted);
  requests.at(-1)!.answer('background');
  t.match(await background, said('background'));
  await turn();
  requests.at(-1)!.answer('live');
  await waiting;
  await pool.close();
});

t.test('[S5] a request whose worker dies is tried on another one', async (t) => {
  const { pool, puppets } = await readyPool(2);
  const answer = pool.transcribe(ask());
  puppets[0]!.requests[0]!.fail(new WorkerFault('unreachable', 'gone'));
  await turn();
  puppets[1]!.requests[0]!.answer('second');
  t.match(await answer, said('second'));
  t.equal(pool.state, 'ready');
  await pool.close();
});

t.test('[S5] a request that fails on two workers is refused', async (t) => {
  const { pool, puppets } = await readyPool(3);
  const answer = pool.transcribe(ask());
  puppets[0]!.requests[0]!.fail(new WorkerFault('unreachable', 'gone'));
  await turn();
  puppets[1]!.requests[0]!.fail(new WorkerFault('unreachable', 'gone'));
  await t.rejects(answer, { code: 'ENGINE_UNAVAILABLE' });
  t.equal(puppets[2]!.requests.length, 0);
  await pool.close();
});

t.test('[S5] a dead worker is started again after growing pauses, until it answers', async (t) => {
  const { pool, puppets, clock, faults } = await readyPool(1);
  const { starts, die } = puppets[0]!;
  die();
  await turn();
  t.equal(pool.state, 'recovering');
  await t.rejects(pool.transcribe(ask()), { code: 'ENGINE_UNAVAILABLE' });
  for (const [index, pause] of [100, 200, 400, 800, 1000, 1000].entries()) {
    await clock.advance(pause - 1);
    t.equal(starts.length, index + 1, `not before ${pause} ms`);
    await clock.advance(1);
    t.equal(starts.length, index + 2, `after ${pause} ms`);
    starts.at(-1)!.fail('no model');
    await turn();
  }
  t.equal(pool.state, 'recovering');
  await clock.advance(1000);
  starts.at(-1)!.ready();
  await turn();
  t.equal(pool.state, 'ready');
  t.strictSame(faults, ['unreachable', ...Array(6).fill('start')]);
  await pool.close();
});

t.test('[S5] a hung worker is stopped at the deadline', async (t) => {
  const { pool, puppets, clock } = await readyPool(1);
  const answer = pool.transcribe(ask());
  answer.catch(() => {});
  await clock.advance(12_999);
  t.equal(puppets[0]!.stops.length, 0);
  await clock.advance(1);
  await t.rejects(answer, { code: 'ENGINE_UNAVAILABLE' });
  t.equal(puppets[0]!.stops.length, 1);
  t.equal(pool.state, 'recovering');
  await pool.close();
});

t.test('[S5] the breaker forgives one bad answer, not two, and none after coming back', async (t) => {
  const { pool, puppets, clock } = await readyPool(1);
  const { requests, starts } = puppets[0]!;
  const bad = async () => {
    const answer = pool.transcribe(ask());
    requests.at(-1)!.fail(new WorkerFault('bad-answer', 'garbage'));
    await t.rejects(answer, { code: 'ENGINE_UNAVAILABLE' });
    await turn();
  };
  await bad();
  t.equal(pool.state, 'ready');
  await bad();
  t.equal(pool.state, 'recovering');
  await clock.advance(100);
  starts.at(-1)!.ready();
  await turn();
  await bad();
  t.equal(pool.state, 'recovering', 'half-open');
  await clock.advance(200);
  starts.at(-1)!.ready();
  await turn();
  const answer = pool.transcribe(ask());
  requests.at(-1)!.answer('well');
  await answer;
  await bad();
  t.equal(pool.state, 'ready', 'closed again');
  await pool.close();
});

t.test('a caller who gives up costs no worker', async (t) => {
  const { pool, puppets } = await readyPool(1);
  const giveUp = new AbortController();
  const running = pool.transcribe(ask('live', { signal: giveUp.signal }));
  const waiting = pool.transcribe(ask('live', { signal: giveUp.signal }));
  giveUp.abort(new Error('session closed'));
  await t.rejects(running, { message: 'session closed' });
  await t.rejects(waiting, { message: 'session closed' });
  await t.rejects(pool.transcribe(ask('live', { signal: giveUp.signal })), { message: 'session closed' });
  t.equal(pool.state, 'ready');
  t.equal(puppets[0]!.stops.length, 0);
  await pool.close();
});

t.test('closing refuses what runs and what waits, and stops every worker', async (t) => {
  const { pool, puppets } = await readyPool(2);
  const answers = [pool.transcribe(ask()), pool.transcribe(ask()), pool.transcribe(ask())];
  const settled = Promise.allSettled(answers);
  await pool.close();
  for (const result of await settled)
    t.match(result, { status: 'rejected', reason: { code: 'ENGINE_UNAVAILABLE' } });
  for (const { stops } of puppets) t.equal(stops.length, 1);
});
