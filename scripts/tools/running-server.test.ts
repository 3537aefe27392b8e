import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startServerProcess } from '../../fixtures/end-to-end/server-process.ts';
import { createManualClock } from '../../server/clock.ts';
import { createCorpus } from '../../server/corpus/create-corpus.ts';
import { opened, readAll, slice } from '../../server/corpus/testing.ts';
import { clinician, createDataDirectory, startRealServer } from '../testing/real-server.ts';
import { askServer, findServer } from './running-server.ts';

const start = (directory: string) =>
  startServerProcess({ AUSCULT_DATA: directory, AUSCULT_STAND_IN: '0', AUSCULT_LOG_LEVEL: 'silent' });

t.test('a server is found while it runs, not after it stopped, and not after it was killed', async (t) => {
  const { directory, config } = createDataDirectory(t);
  t.equal(findServer(config), undefined);
  const first = await start(directory);
  t.teardown(() => first.stop());
  const address = findServer(config)!;
  t.equal(new URL(address).port, new URL(first.origin).port);
  const list = { method: 'GET', path: '/api/sessions' } as const;
  await askServer(config, address, clinician, list);
  const path = '/api/sessions/never-was-1';
  const refused = askServer(config, address, clinician, { method: 'GET', path });
  await t.rejects(refused, { message: 'The running server: There is no such session.' });
  const stranger = { ...config, AUSCULT_JWT_SECRET: 'a secret that the server does not have' };
  await t.rejects(askServer(stranger, address, clinician, list), /does not take this token/);
  await first.stop();
  t.notOk(existsSync(join(directory, 'server.json')));
  t.equal(findServer(config), undefined);
  await t.rejects(askServer(config, address, clinician, list), /^The server at http.* does not answer/);

  const second = await start(directory);
  const ended = once(second.child, 'exit');
  second.child.kill('SIGKILL');
  await ended;
  t.ok(existsSync(join(directory, 'server.json')), 'its address is left');
  t.equal(findServer(config), undefined, 'and not believed');
});

t.test('a corpus that somebody writes to without saying where is left alone', async (t) => {
  const { config } = createDataDirectory(t);
  const corpus = await createCorpus({ directory: config.AUSCULT_DATA, masterKeyFile: config.masterKeyFile });
  t.teardown(() => corpus.close());
  t.throws(() => findServer(config), /Another process is writing to .* try again in a moment/);
});

t.test('[C2] a server with a retention erases at its start what has lain long enough', async (t) => {
  const { config } = createDataDirectory(t);
  const clock = createManualClock(Date.now() - 3 * 86_400_000);
  const before = await createCorpus({
    ...{ directory: config.AUSCULT_DATA, masterKeyFile: config.masterKeyFile, clock },
  });
  for (const session of ['session-1', 'session-2']) {
    await before.open(session, opened);
    await before.append(session, [slice(0)]);
  }
  await before.append('session-1', [
    { type: 'finish.requested', data: { request: 'r1', by: 'clinician-1' } },
    { type: 'finish.completed', data: { request: 'r1', warnings: [], speakers: 0, words: 0 } },
  ]);
  await before.close();

  const { corpus } = await startRealServer(t, config, { retentionDays: 2 });
  const erased = new Promise<void>((resolve) => {
    corpus.subscribe('session-1', ({ type }) => type === 'session.erased' && resolve());
  });
  if ((await corpus.summary('session-1'))?.state !== 'erased') await erased;
  t.match((await readAll(corpus, 'session-1')).at(-1), { type: 'session.erased', data: { by: 'system' } });
  t.equal((await corpus.summary('session-2'))?.state, 'open', 'an unfinished one is kept');
});
