import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { createCorpus } from '../create-corpus.ts';
import { eventStoreContract } from '../event-store.contract.ts';
import { createDirectory, createTestCorpus, opened, optionsFor, slice } from '../testing.ts';
import { openSqliteEventStore } from './sqlite-event-store.ts';

eventStoreContract(t, (t: Test) => {
  const store = openSqliteEventStore({ directory: createDirectory(t) });
  t.teardown(() => store.close());
  return store;
});

t.test('[I1] the database is asserted to commit durably', async (t) => {
  const { options } = await createTestCorpus(t);
  const db = new Database(join(options.directory, 'corpus.db'), { readonly: true });
  t.teardown(() => db.close());
  t.equal(db.pragma('journal_mode', { simple: true }), 'wal');
});

t.test(
  '[C1] UPDATE, DELETE and REPLACE of events are refused, and of blobs while their key stands',
  async (t) => {
    const { corpus, options } = await createTestCorpus(t);
    await corpus.open('session-1', opened);
    await corpus.append('session-1', [slice(0)]);
    const db = new Database(join(options.directory, 'corpus.db'));
    t.teardown(() => db.close());
    for (const sql of [
      "UPDATE events SET type = 'x'",
      'DELETE FROM events',
      'DELETE FROM events WHERE n = 2',
      'REPLACE INTO events SELECT * FROM events WHERE n = 2',
      'REPLACE INTO events SELECT position + 100, stream, n, type, at, payload, blob, previous, hash FROM events',
    ]) {
      t.throws(() => db.exec(sql), /append-only/, sql);
    }
    t.throws(() => db.exec("UPDATE blobs SET bytes = x'00'"), /never changed/);
    t.throws(() => db.exec('DELETE FROM blobs'), /only after their key/);
    t.same((await corpus.verify()).faults, []);
  },
);

t.test('a second writer is refused in one sentence, readers are not', async (t) => {
  const { corpus, options } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await t.rejects(createCorpus(options), /Another Auscult server is writing to/);
  const reader = await createCorpus({ ...options, readOnly: true });
  t.teardown(() => reader.close());
  t.equal((await reader.sessions()).length, 1);
  await corpus.append('session-1', [slice(0)]);
  t.equal((await reader.summary('session-1'))?.slices, 1, 'and see what is written meanwhile');
  t.same((await reader.verify()).faults, []);
  await t.rejects(reader.append('session-1', [slice(1)]), /reading only/);
});

t.test('the directory is free again when its writer closes', async (t) => {
  const options = optionsFor(createDirectory(t));
  await (await createCorpus(options)).close();
  await (await createCorpus(options)).close();
  t.pass();
});

t.test('a database of a newer version is refused in one sentence', async (t) => {
  const options = optionsFor(createDirectory(t));
  await (await createCorpus(options)).close();
  const db = new Database(join(options.directory, 'corpus.db'));
  db.pragma('user_version = 99');
  db.close();
  await t.rejects(createCorpus(options), /written by a newer version of Auscult \(schema 99/);
  await t.rejects(createCorpus({ ...options, readOnly: true }), /newer version/);
});

t.test('a directory without a corpus is refused to readers', async (t) => {
  await t.rejects(createCorpus({ ...optionsFor(createDirectory(t)), readOnly: true }));
});
