import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { startFakeServer } from '../../fixtures/page/fake-server.ts';
import { createConnection, type RecordedSlice, type Socket } from './connection.ts';
import { initialConnection } from './state.ts';

/** The same sequence for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function sliceOf(ordinal: number): RecordedSlice {
  const data = new TextEncoder().encode(`slice ${ordinal}`);
  const sha256 = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  return { epoch: 0, mime: 'audio/webm', sha256, durationMs: 3000, capturedAt: ordinal, data };
}

t.test('[I2] [I3] [I4] whatever the network does, every slice arrives once and in order', async (t) => {
  const seed = randomInt(2 ** 31);
  t.comment(`seed ${seed}`);
  const random = seeded(seed);
  const total = 200;
  const server = await startFakeServer({ directory: '/nowhere', text: [] });
  t.teardown(() => server.close());
  const outbox = new Map<number, RecordedSlice>();
  let faults = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const connection = createConnection({
    initial: { token: 'token' },
    openSocket: () => new WebSocket(`ws://127.0.0.1:${server.port}/ws`) as unknown as Socket,
    now: Date.now,
    random,
    // Backoff and holds are as long as they are; here they pass a hundred times as fast.
    after(milliseconds, task) {
      const timer = setTimeout(task, milliseconds / 100);
      return () => clearTimeout(timer);
    },
    load: async (ordinal) => outbox.get(ordinal),
    acknowledged(before) {
      for (const ordinal of outbox.keys()) if (ordinal < before) outbox.delete(ordinal);
      disturb();
      record();
    },
    deliver() {},
    changed(state) {
      if (state.unacked === total) finish();
    },
  });

  function record(): void {
    const { state } = connection;
    if (state.queued >= total || state.queued - state.unacked > 20) return;
    outbox.set(state.queued, sliceOf(state.queued));
    connection.recorded();
    record();
  }

  function disturb(): void {
    const kind = random();
    if (kind > 0.3 || faults >= 50) return;
    faults += 1;
    if (kind < 0.1) server.dropAll();
    else server.refuse.push(kind < 0.2 ? 'STORAGE_UNAVAILABLE' : 'TOO_FAST');
  }

  connection.start();
  record();
  await finished;
  connection.stop();

  t.equal(server.sessions.size, 1);
  const stored = server.sessions.get('session-1')?.slices ?? [];
  t.same(
    stored.map(({ seq, capturedAt }) => [seq, capturedAt]),
    Array.from({ length: total }, (_, index) => [index, index]),
  );
  t.equal(outbox.size, 0, 'nothing is left in the outbox');
  t.ok(faults > 0, `${faults} faults`);
});

t.test('a second page is refused and may take over; the first is fenced out', async (t) => {
  const server = await startFakeServer({ directory: '/nowhere', text: [] });
  t.teardown(() => server.close());
  const page = (client: string, session?: string) => {
    const events = new EventTarget();
    const connection = createConnection({
      initial: { token: 'token', client, session },
      openSocket: () => new WebSocket(`ws://127.0.0.1:${server.port}/ws`) as unknown as Socket,
      now: Date.now,
      random: Math.random,
      after(milliseconds, task) {
        const timer = setTimeout(task, milliseconds);
        return () => clearTimeout(timer);
      },
      load: async (ordinal) => sliceOf(ordinal),
      acknowledged() {},
      deliver() {},
      changed: (state) => events.dispatchEvent(new Event(state.refusal ?? state.status)),
    });
    return { connection, events };
  };
  const first = page('page 1');
  first.connection.start();
  await once(first.events as never, 'ready');
  const second = page('page 2', first.connection.state.session);
  second.connection.start();
  await once(second.events as never, 'SESSION_BUSY');
  const fenced = once(first.events as never, 'SESSION_TAKEN_OVER');
  second.connection.takeOver();
  await once(second.events as never, 'ready');
  await fenced;
  t.equal(first.connection.state.status, 'refused');
  second.connection.stop();
  t.equal(initialConnection.status, second.connection.state.status);
});
