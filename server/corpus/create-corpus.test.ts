import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { ConcurrencyError, SYSTEM_STREAM } from './corpus.ts';
import { createCorpus } from './create-corpus.ts';
import { createDirectory, createTestCorpus, opened, optionsFor, readAll, slice, words } from './testing.ts';

t.test('[I1] what append answered is what is read, also after a restart', async (t) => {
  const options = optionsFor(createDirectory(t));
  const first = await createCorpus(options);
  const events = [await first.open('session-1', opened)];
  events.push(...(await first.append('session-1', [slice(0), words('good', 'morning')])));
  t.same(
    events.map(({ n }) => n),
    [1, 2, 3],
  );
  t.same(await readAll(first, 'session-1'), events);
  await first.close();
  const second = await createCorpus(options);
  t.teardown(() => second.close());
  t.same(await readAll(second, 'session-1'), events);
  t.same(await readAll(second, 'session-1', 2), events.slice(2));
  t.same(await second.latest('session-1', 'words.committed'), events[2]);
  t.equal(await second.latest('session-1', 'finish.completed'), undefined);
  t.same(Buffer.from(await second.blob('session-1', events[1]!.blob!)), Buffer.from([0, 1, 2, 3]));
  await t.rejects(second.blob('session-1', 'f'.repeat(64)), { code: 'NOT_FOUND' });
  t.equal((await second.append('session-1', [slice(1)]))[0]!.n, 4, 'and the numbers go on');
});

t.test('reading goes over many pages', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await corpus.append(
    'session-1',
    Array.from({ length: 700 }, (_, seq) => slice(seq)),
  );
  t.same(
    (await readAll(corpus, 'session-1')).map(({ n }) => n),
    Array.from({ length: 701 }, (_, index) => index + 1),
  );
});

t.test('appends are numbered in the order of the calls', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, seq) => corpus.append('session-1', [slice(seq)])),
  );
  t.same(
    answers.map(([event]) => event!.n),
    Array.from({ length: 50 }, (_, index) => index + 2),
  );
});

t.test('one caller that comes too late does not fail the others of the same commit', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  const results = await Promise.allSettled([
    corpus.append('session-1', [slice(0)], { expected: 1 }),
    corpus.append('session-1', [slice(0)], { expected: 1 }),
    corpus.append('session-1', [slice(1)], { expected: 2 }),
    corpus.append('nobody-1', [slice(0)]),
  ]);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  );
  t.match(results[1], { reason: ConcurrencyError });
  t.match(results[3], { reason: { code: 'SESSION_UNKNOWN' } });
  t.equal((await corpus.summary('session-1'))?.slices, 2);
});

t.test('a session is opened once, and not under a reserved name', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await t.rejects(corpus.open('session-1', opened), ConcurrencyError);
  await t.rejects(corpus.open('$mine', opened), { code: 'BAD_MESSAGE' });
  await t.rejects(corpus.open('', opened), { code: 'BAD_MESSAGE' });
});

t.test('data that are not of their type are refused and nothing is appended', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  // @ts-expect-error: a caller in error
  await t.rejects(corpus.append('session-1', [slice(0), { type: 'words.committed', data: { words: 'no' } }]));
  t.equal((await corpus.summary('session-1'))?.events, 1);
});

t.test(
  'subscribers hear what is on disk, in order, and a throwing one keeps nobody from hearing',
  async (t) => {
    const errors: unknown[] = [];
    const { corpus } = await createTestCorpus(t, { onListenerError: (error) => errors.push(error) });
    await corpus.open('session-1', opened);
    await corpus.open('session-2', opened);
    const heard: number[] = [];
    corpus.subscribe('session-1', () => {
      throw new Error('deaf');
    });
    const leave = corpus.subscribe('session-1', (event) => heard.push(event.n));
    await Promise.all([
      corpus.append('session-1', [slice(0), slice(1)]),
      corpus.append('session-2', [slice(0)]),
      corpus.append('session-1', [slice(2)]),
    ]);
    t.same(heard, [2, 3, 4]);
    leave();
    await corpus.append('session-1', [slice(3)]);
    t.same(heard, [2, 3, 4]);
    t.equal(errors.length, 4);
  },
);

t.test('sessions are listed by tenant, owner and state', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await corpus.open('session-2', { ...opened, tenant: 'practice-2' });
  await corpus.append('session-1', [
    { type: 'finish.requested', data: { request: 'r1', by: 'clinician-1' } },
  ]);
  const names = async (filter = {}) => (await corpus.sessions(filter)).map(({ session }) => session);
  t.same((await names()).sort(), ['session-1', 'session-2']);
  t.same(await names({ tenant: 'practice-2' }), ['session-2']);
  t.same(await names({ state: 'finishing' }), ['session-1']);
  t.match(await corpus.summary('session-1'), {
    owner: 'clinician-1',
    events: 2,
    slices: 0,
    state: 'finishing',
  });
  t.equal(await corpus.summary('nobody-1'), undefined);
});

t.test('[C3] what belongs to no session has a stream of its own', async (t) => {
  const { corpus } = await createTestCorpus(t);
  const denied = { by: 'nobody', what: 'GET /api/sessions/none', code: 'SESSION_UNKNOWN' };
  const [event] = await corpus.append(SYSTEM_STREAM, [{ type: 'access.denied', data: denied }]);
  t.same(await readAll(corpus, SYSTEM_STREAM), [event]);
  t.same(await corpus.sessions(), []);
  t.equal(await corpus.summary(SYSTEM_STREAM), undefined);
  await t.rejects(corpus.erase(SYSTEM_STREAM, 'a', 'b'), { code: 'FORBIDDEN' });
  t.match(await corpus.verify(), { sessions: 0, events: 1, faults: [] });
});

t.test('[C2] the master key is made with mode 0600, and its loss is not papered over', async (t) => {
  const options = optionsFor(createDirectory(t));
  await (await createCorpus(options)).close();
  t.equal(statSync(options.masterKeyFile).mode & 0o777, 0o600);
  const other = optionsFor(createDirectory(t));
  await (await createCorpus(other)).close();
  await t.rejects(
    createCorpus({ ...options, masterKeyFile: other.masterKeyFile }),
    /is not in the master key file/,
  );
  chmodSync(options.masterKeyFile, 0o644);
  await t.rejects(createCorpus(options), /open to other accounts/);
  rmSync(options.masterKeyFile);
  await t.rejects(createCorpus(options), /is missing; nothing can be read without it/);
  t.notOk(existsSync(options.masterKeyFile));
});

t.test('[C2] rotation wraps every key again; the old master key opens nothing any more', async (t) => {
  const { corpus, directory, options } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  const before = join(directory, 'old.key');
  copyFileSync(options.masterKeyFile, before);
  await Promise.all([corpus.rotateMasterKey(), corpus.open('session-2', opened)]);
  t.not(readFileSync(before, 'utf8'), readFileSync(options.masterKeyFile, 'utf8'));
  t.equal(readFileSync(options.masterKeyFile, 'utf8').trim().split('\n').length, 1);
  await corpus.append('session-1', [slice(0)]);
  await corpus.close();
  chmodSync(before, 0o600);
  await t.rejects(createCorpus({ ...options, masterKeyFile: before }), /is not in the master key file/);
  const again = await createCorpus(options);
  t.equal((await readAll(again, 'session-1')).length, 2);
  t.equal((await readAll(again, 'session-2')).length, 1);
  t.same((await again.verify()).faults, []);
  await again.close();
});

t.test('a backup made while appends go on is one instant, and restores', async (t) => {
  const { corpus, directory, options } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await corpus.append(
    'session-1',
    Array.from({ length: 200 }, (_, seq) => slice(seq, new Uint8Array(20_000).fill(seq))),
  );
  const destination = join(directory, 'backup');
  let over = false;
  const copying = corpus.backup(destination).finally(() => {
    over = true;
  });
  for (let seq = 200; !over; seq++) await corpus.append('session-1', [slice(seq)]);
  await copying;
  await t.rejects(corpus.backup(destination), /There is a corpus in/);

  const restored = { ...options, directory: join(directory, 'restored') };
  mkdirSync(restored.directory);
  copyFileSync(join(destination, 'corpus.db'), join(restored.directory, 'corpus.db'));
  const copy = await createCorpus(restored);
  t.teardown(() => copy.close());
  const report = await copy.verify();
  t.same(report.faults, []);
  t.ok(report.events >= 201);
  const events = await readAll(copy, 'session-1');
  t.same(Buffer.from(await copy.blob('session-1', events[7]!.blob!)), Buffer.alloc(20_000, 6));
  t.equal((await copy.append('session-1', [slice(0)]))[0]!.n, report.events + 1);
});

t.test('after close nothing is taken, and what was asked before is on disk', async (t) => {
  const { corpus, options } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  const last = corpus.append('session-1', [slice(0)]);
  await corpus.close();
  t.equal((await last)[0]!.n, 2);
  await t.rejects(corpus.append('session-1', [slice(1)]), { code: 'SHUTTING_DOWN' });
  const again = await createCorpus(options);
  t.equal((await again.summary('session-1'))?.events, 2);
  await again.close();
});
