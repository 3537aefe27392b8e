import t from 'tap';
import { createManualClock } from '../clock.ts';
import type { SessionSummary } from './corpus.ts';
import { overdueSessions, startRetention } from './retention.ts';
import { createTestCorpus, opened, readAll, slice, words } from './testing.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 5, 1);

function summary(session: string, state: SessionSummary['state'], days: number): SessionSummary {
  const openedAt = new Date(now - days * DAY).toISOString();
  return { session, owner: 'a', tenant: 't', openedAt, lastEventAt: openedAt, events: 5, slices: 1, state };
}

t.test('overdue are finished sessions of that age, oldest first, and no others', async (t) => {
  const sessions = [
    summary('young', 'finished', 29.99),
    summary('due', 'finished', 30),
    summary('older', 'finished', 400),
    ...(['open', 'finishing', 'failed', 'erased', 'corrupt'] as const).map((state) =>
      summary(state, state, 400),
    ),
  ];
  const names = (days: number) => overdueSessions(sessions, { days, now }).map(({ session }) => session);
  t.same(names(30), ['older', 'due']);
  t.same(names(31), ['older']);
  t.same(names(0), [], '0 keeps for ever');
});

t.test('[C2] what is due is erased at the start and once a day, by the system', async (t) => {
  const clock = createManualClock(now);
  const { corpus } = await createTestCorpus(t, { clock });
  const finish = async (session: string) => {
    await corpus.open(session, opened);
    await corpus.append(session, [
      slice(0),
      words('good', 'morning'),
      { type: 'finish.requested', data: { request: 'r1', by: 'clinician-1' } },
      {
        type: 'finish.completed',
        data: { request: 'r1', warnings: [], speakers: 1, words: 2 },
        blob: new Uint8Array(9),
      },
    ]);
  };
  await finish('finished-1');
  await corpus.open('open-1', opened);
  await clock.advance(DAY);
  await finish('finished-2');

  const faults: unknown[] = [];
  const erased: string[] = [];
  let told = () => {};
  const stop = startRetention({
    ...{ corpus, clock, days: 2, onFault: (error: unknown) => faults.push(error) },
    async erase(session, by, reason) {
      if (erased.length === 0 && faults.length === 0) {
        told();
        throw new Error('the disk is full');
      }
      await corpus.erase(session, by, reason);
      erased.push(session);
      told();
    },
  });
  const next = () =>
    new Promise<void>((resolve) => {
      told = resolve;
    });
  t.same(erased, [], 'one day old, nothing is due');
  const failed = next();
  await clock.advance(DAY);
  await failed;
  const first = next();
  await clock.advance(DAY);
  await first;
  t.equal(faults.length, 1, 'a fault is told of, and the next day it is tried again');
  if (erased.length < 2) await next();
  t.same(erased, ['finished-1', 'finished-2']);
  t.match(await readAll(corpus, 'finished-1'), [
    { type: 'session.erased', data: { by: 'system', reason: 'kept for 2 days' } },
  ]);
  t.equal((await corpus.summary('open-1'))?.state, 'open', 'what nobody finished stays');
  t.same((await corpus.verify()).faults, []);

  stop();
  await finish('finished-3');
  await clock.advance(10 * DAY);
  t.equal((await corpus.summary('finished-3'))?.state, 'finished');
});

t.test('0 days: no timer runs and nothing is erased', async (t) => {
  const clock = createManualClock(now);
  const { corpus } = await createTestCorpus(t, { clock });
  startRetention({
    ...{ corpus, clock, days: 0, onFault: () => void t.fail('nothing fails') },
    erase: async () => void t.fail('nothing is due'),
  });
  await clock.advance(1000 * DAY);
});
