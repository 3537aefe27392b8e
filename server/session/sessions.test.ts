import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import type { HelloMessage, ServerMessage, SliceMessage } from '../../shared/protocol.ts';
import { createApi } from '../api.ts';
import { createSessionAudio } from '../audio/session-audio.ts';
import { createManualClock } from '../clock.ts';
import type { Corpus } from '../corpus/corpus.ts';
import { createCorpus } from '../corpus/create-corpus.ts';
import { createTestCorpus, opened, slice as storedSlice } from '../corpus/testing.ts';
import type { Peer, Principal } from '../gateway/peer.ts';
import { createMetrics } from '../ops/metrics.ts';
import { createSessions } from './sessions.ts';

const clinician: Principal = { subject: 'clinician-1', tenant: 'practice-1', roles: ['clinician'] };
const log = pino({ level: 'silent' });

/** Sessions at work on a real corpus; every byte of a slice is a tenth of a second. */
function setUp(t: Test, corpus: Corpus) {
  const clock = createManualClock();
  let ids = 0;
  const sessions = createSessions(
    {
      ...{ corpus, clock, log, metrics: createMetrics(), audio: createSessionAudio(corpus) },
      newId: () => {
        ids += 1;
        return `live-${ids}`;
      },
      createDecoder: () => ({
        push: async (bytes) => new Int16Array(bytes.length * 1600),
        end: async () => new Int16Array(0),
        close() {},
      }),
      ...{ engine: undefined, diarizer: undefined, knownVoices: async () => [], voiceThreshold: 0.6 },
      ...{
        whenIdle: async () => {},
        vocabulary: () => [],
        window: 8,
        consentRequired: false,
        sliceBytes: 1 << 20,
      },
    },
    { language: 'en', perPerson: 100 },
  );
  t.teardown(() => sessions.close());

  async function attach(session?: string) {
    const told: ServerMessage[] = [];
    const waiting: { is(message: ServerMessage): boolean; resolve(message: ServerMessage): void }[] = [];
    const peer: Peer = {
      principal: clinician,
      send(message) {
        told.push(message);
        for (const each of waiting) if (each.is(message)) each.resolve(message);
      },
      end() {},
    };
    const hello: HelloMessage = { type: 'hello', version: 1, token: '', ...(session && { session }) };
    const attachment = await sessions.attach(hello, peer);
    const until = (is: (message: ServerMessage) => boolean) =>
      new Promise<ServerMessage>((resolve) => {
        const already = told.find(is);
        if (already !== undefined) resolve(already);
        else waiting.push({ is, resolve });
      });
    return {
      ...attachment,
      session: (told[0] as Extract<ServerMessage, { type: 'welcome' }>).session,
      told,
      error: (code: string) => until((message) => message.type === 'error' && message.code === code),
      event: (type: string, times = 1) =>
        until(
          (message) =>
            message.type === 'update' &&
            message.event === type &&
            told.filter((each) => each.type === 'update' && each.event === type).length >= times,
        ),
    };
  }
  return { sessions, attach, clock };
}

function slice(seq: number, data = new Uint8Array(10).fill(seq)): SliceMessage {
  return {
    ...{ type: 'slice', seq, epoch: 0, mime: 'audio/webm', durationMs: 1000, capturedAt: 0, data },
    sha256: `sha256:${createHash('sha256').update(data).digest('hex')}`,
  };
}

t.test(
  '[C1] a stored slice that is damaged when the decoder is built up again: the page is told, the session takes no more, others go on',
  async (t) => {
    const { corpus, options } = await createTestCorpus(t);
    const before = setUp(t, corpus);
    const [hurt, whole] = [await before.attach(), await before.attach()];
    for (const client of [hurt, whole]) {
      for (const seq of [0, 1, 2]) client.receive(slice(seq));
      await client.event('slice.decoded', 3);
    }
    await before.sessions.close();
    await corpus.close();

    const db = new Database(join(options.directory, 'corpus.db'));
    db.exec('DROP TRIGGER blobs_refuse_update');
    const row = db
      .prepare('SELECT id, bytes FROM blobs WHERE stream = ? ORDER BY id LIMIT 1 OFFSET 1')
      .get(hurt.session) as { id: number; bytes: Buffer };
    row.bytes[20]! ^= 1;
    db.prepare('UPDATE blobs SET bytes = @bytes WHERE id = @id').run(row);
    db.close();

    const again = await createCorpus(options);
    t.teardown(() => again.close());
    const after = setUp(t, again);
    const told = await after.attach(hurt.session);
    t.match(await told.error('CORRUPT'), { fatal: false });
    told.detach();
    const later = await after.attach(hurt.session);
    await later.error('CORRUPT');
    t.pass('whoever comes later is told as well');
    later.receive(slice(3));
    await later.error('CORRUPT');
    later.receive({ type: 'finalize' });
    t.equal((await again.summary(hurt.session))?.state, 'corrupt');
    t.equal((await again.summary(hurt.session))?.slices, 3, 'nothing is added to it');

    const other = await after.attach(whole.session);
    other.receive(slice(3));
    await other.event('slice.decoded', 4);
    t.equal((await again.summary(whole.session))?.slices, 4);
    t.notOk(other.told.some((message) => message.type === 'error'));
  },
);

t.test('[C1] finishing a damaged session is answered with CORRUPT', async (t) => {
  const { corpus, directory } = await createTestCorpus(t);
  const { attach } = setUp(t, corpus);
  const client = await attach();
  client.receive(slice(0));
  await client.event('slice.decoded');
  const db = new Database(join(directory, 'data', 'corpus.db'));
  db.exec('DROP TRIGGER blobs_refuse_update');
  db.prepare('UPDATE blobs SET bytes = zeroblob(40) WHERE stream = ?').run(client.session);
  db.close();
  t.equal((await corpus.verify()).faults.length, 1);
  client.receive({ type: 'finalize' });
  await client.error('CORRUPT');
  t.notOk(client.told.some((message) => message.type === 'error' && message.code === 'STORAGE_UNAVAILABLE'));
});

t.test(
  '[I1] a session that the disk refuses to open is an error to the client; nothing of it stands and it can be tried again',
  async (t) => {
    const { corpus } = await createTestCorpus(t, { maxBytes: 1024 * 1024 });
    await corpus.open('large-1', opened);
    for (let seq = 0, room = true; room; seq += 1)
      await corpus.append('large-1', [storedSlice(seq, new Uint8Array(20_000))]).catch((error) => {
        t.match(error, { code: 'STORAGE_UNAVAILABLE' });
        room = false;
      });
    const { sessions, attach } = setUp(t, corpus);
    // A small event may still find room in the pages that are there.
    const refusal = async () => {
      for (;;) {
        const client = await attach().catch((error) => ({ error }));
        if ('error' in client && typeof client.error !== 'function') return client.error;
      }
    };
    t.match(await refusal(), { code: 'STORAGE_UNAVAILABLE' });
    const stored = (await corpus.sessions()).map(({ session }) => session);
    t.equal(sessions.count(), stored.length - 1, 'in memory are those that are on disk, and no other');
    t.same((await corpus.verify()).faults, []);
    await corpus.erase('large-1', 'admin-1', 'room is needed');
    const client = await attach();
    client.receive(slice(0));
    await client.event('slice.decoded');
    t.notOk(stored.includes(client.session), 'under a new name');
  },
);

t.test('pauses stand on the timeline that the API tells, where the audio stood', async (t) => {
  const { corpus } = await createTestCorpus(t);
  const { sessions, attach } = setUp(t, corpus);
  const client = await attach();
  client.receive(slice(0));
  client.receive({ type: 'pause' });
  await client.event('session.paused');
  client.receive({ type: 'resume' });
  client.receive(slice(1));
  await client.event('slice.decoded', 2);
  const api = createApi({
    ...{ corpus, sessions, log, newId: () => 'request-1' },
    openAudio: () => Promise.reject(new Error('not asked for')),
    erase: () => Promise.reject(new Error('not asked for')),
  });
  const events = await api.events(clinician, client.session, 0, 100);
  t.match(
    events.filter(({ type }) => /^(session.(paused|resumed)|slice.decoded)$/.test(type)),
    [
      { type: 'slice.decoded', data: { seq: 0, start: 0, end: 1 } },
      { type: 'session.paused', data: { at: 1 } },
      { type: 'session.resumed', data: { at: 1 } },
      { type: 'slice.decoded', data: { seq: 1, start: 1, end: 2 } },
    ],
  );
});
