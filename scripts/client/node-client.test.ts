import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import type { Socket } from '../../client/connection/connection.ts';
import { createToneEngine } from '../../fixtures/engines/tone-engine.ts';
import type { Corpus } from '../../server/corpus/corpus.ts';
import { readAll } from '../../server/corpus/testing.ts';
import { clinician, createDataDirectory, startRealServer, toneSlices } from '../testing/real-server.ts';
import { audioHashOf } from './audio-hash.ts';
import { socketUrl, startRecording } from './node-client.ts';

const seed = randomInt(2 ** 31);
t.comment(`seed ${seed}`);

async function storedSlices(corpus: Corpus, session: string) {
  const slices: { seq: number; hash: string; blobHash: string }[] = [];
  for (const event of await readAll(corpus, session)) {
    if (event.type !== 'slice.received') continue;
    const blobHash = audioHashOf(await corpus.blob(session, event.blob!));
    slices.push({ seq: event.data.seq, hash: event.data.audioHash, blobHash });
  }
  return slices;
}

const sent = (slices: readonly { sha256: string }[]) =>
  slices.map(({ sha256 }, seq) => ({ seq, hash: sha256, blobHash: sha256 }));

t.test(
  '[I1] [I4] slices are stored in order and byte for byte, never more in flight than allowed',
  async (t) => {
    const { config } = createDataDirectory(t);
    const { address, corpus, tokenFor } = await startRealServer(t, config);
    const slices = toneSlices(40, seed);
    let acknowledged = 0;
    let sending = 0;
    let mostInFlight = 0;
    let mostAhead = 0;
    let pulled = 0;
    const recording = startRecording({
      server: address,
      token: await tokenFor(clinician),
      slices: (function* () {
        for (const slice of slices) {
          pulled += 1;
          mostAhead = Math.max(mostAhead, pulled - acknowledged);
          yield slice;
        }
      })(),
      ahead: 12,
      onSending(ordinal) {
        sending = ordinal + 1;
        mostInFlight = Math.max(mostInFlight, sending - acknowledged);
      },
      onAcknowledged(before) {
        acknowledged = before;
      },
    });
    const { session, slices: count, result } = await recording.done;
    t.equal(count, 40);
    t.equal(acknowledged, 40);
    t.equal(result, undefined, 'nobody asked to finish');
    t.ok(mostInFlight <= 8, `${mostInFlight} in flight`);
    t.ok(mostAhead <= 13, `${mostAhead} pulled and not acknowledged`);
    t.same(await storedSlices(corpus, session), sent(slices));
    t.match(await corpus.summary(session), { owner: 'dr-a', tenant: 'north', state: 'open' });
  },
);

t.test('a recording is finished, and the result is what the engine heard', async (t) => {
  const { config } = createDataDirectory(t);
  const { address, tokenFor } = await startRealServer(t, config, { engine: createToneEngine() });
  const slices = toneSlices(6, seed);
  const events: string[] = [];
  const recording = startRecording({
    server: address,
    token: await tokenFor(clinician),
    slices,
    finalize: {},
    onMessage(message) {
      if (message.type === 'update') events.push(message.event);
    },
  });
  const { session, result } = await recording.done;
  t.equal(result?.session, session);
  t.equal(result?.sliceSpeakers.length, 6);
  t.equal(result?.duration, 6);
  t.ok(result!.segments.flatMap(({ words }) => words).length >= 8, 'words were heard');
  t.equal(events.filter((event) => event === 'slice.received').length, 6);

  const again = startRecording({
    server: address,
    token: await tokenFor(clinician),
    session,
    slices,
    finalize: {},
  });
  t.same((await again.done).result, result, 'asked again, the finished session shows the same result');
});

t.test('[I3] cut connections lose and double nothing', async (t) => {
  const { config } = createDataDirectory(t);
  const { address, corpus, tokenFor } = await startRealServer(t, config, { engine: createToneEngine() });
  const slices = toneSlices(30, seed);
  let socket: WebSocket | undefined;
  let cuts = 0;
  const recording = startRecording({
    server: address,
    token: await tokenFor(clinician),
    slices,
    finalize: {},
    openSocket() {
      socket = new WebSocket(socketUrl(address));
      return socket as unknown as Socket;
    },
    onSending(ordinal) {
      if (ordinal % 9 !== 5 || cuts >= 4) return;
      cuts += 1;
      socket?.terminate();
    },
    // The backoff is as long as it is; here it passes a hundred times as fast.
    clock: {
      now: Date.now,
      after(milliseconds, task) {
        const timer = setTimeout(task, milliseconds / 100);
        return () => clearTimeout(timer);
      },
    },
  });
  const { session, result } = await recording.done;
  t.equal(cuts, 4);
  t.same(await storedSlices(corpus, session), sent(slices));
  t.equal(result?.duration, 30);
});

t.test('what the server refuses for good is thrown by its code', async (t) => {
  const { config } = createDataDirectory(t);
  const { address, tokenFor } = await startRealServer(t, config, { engine: createToneEngine() });
  const [slice] = toneSlices(1, seed);
  const token = await tokenFor(clinician);
  const record = (options: object) => startRecording({ server: address, token, slices: [], ...options }).done;
  await t.rejects(record({ token: 'nonsense' }), { code: 'UNAUTHENTICATED' });
  await t.rejects(record({ session: 'never-was-1' }), { code: 'SESSION_UNKNOWN' });
  await t.rejects(record({ finalize: {} }), { code: 'SESSION_EMPTY' });
  await t.rejects(record({ slices: [{ ...slice, data: new Uint8Array(0) }] }), { code: 'SLICE_EMPTY' });
  const broken = (async function* () {
    yield slice!;
    throw new Error('the source broke');
  })();
  await t.rejects(record({ slices: broken }), { message: 'the source broke' });
  const { session } = await record({ slices: [slice], finalize: {} });
  await t.rejects(record({ session, slices: [slice, slice], finalize: {} }), { code: 'SESSION_FINISHED' });
});

t.test('a recording that is stopped ends its connection, and says why', async (t) => {
  const { config } = createDataDirectory(t);
  const { address, tokenFor } = await startRealServer(t, config);
  let socket: WebSocket | undefined;
  const recording = startRecording({
    server: address,
    token: await tokenFor(clinician),
    slices: toneSlices(1, seed),
    finalize: {},
    openSocket() {
      socket = new WebSocket(socketUrl(address));
      return socket as unknown as Socket;
    },
    onAcknowledged: () => recording.stop(new Error('enough')),
  });
  await t.rejects(recording.done, { message: 'enough' });
  if (socket?.readyState !== WebSocket.CLOSED) await once(socket!, 'close');
  t.equal(recording.state.unacked, 1);
});
