import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createCorpus } from './create-corpus.ts';
import { createDirectory, createTestCorpus, opened, optionsFor, readAll, slice, words } from './testing.ts';

const PHRASE = 'a rash upon the left elbow since Whitsun';

/** Everything below the directory in one buffer; only while no database in it is open in this process. */
function bytesBelow(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

t.test('[C2] spoken words never stand on the disk in the clear', async (t) => {
  const directory = createDirectory(t);
  const corpus = await createCorpus(optionsFor(directory));
  await corpus.open('session-1', opened);
  await corpus.append('session-1', [
    slice(0, Buffer.from(PHRASE)),
    words(...PHRASE.split(' ')),
    words(PHRASE),
  ]);
  await corpus.backup(join(directory, 'backup'));
  await corpus.close();
  const disk = bytesBelow(directory);
  for (const word of [PHRASE, 'elbow', 'Whitsun']) t.notOk(disk.includes(word), word);
});

t.test('[C2] erasing destroys key and blobs, in the log too, and leaves a chain that verifies', async (t) => {
  const directory = createDirectory(t);
  const options = optionsFor(directory);
  const corpus = await createCorpus(options);
  await corpus.open('session-1', opened);
  await corpus.open('session-2', opened);
  const [received] = await corpus.append('session-1', [slice(0, Buffer.from(PHRASE)), words(PHRASE)]);
  await corpus.append('session-2', [slice(0)]);

  const db = new Database(join(options.directory, 'corpus.db'), { readonly: true });
  const wrapped = db.prepare("SELECT wrapped FROM keys WHERE stream = 'session-1'").pluck().get() as Buffer;
  const ciphertext = db.prepare("SELECT bytes FROM blobs WHERE stream = 'session-1'").pluck().get() as Buffer;
  db.close();

  await corpus.erase('session-1', 'admin-1', 'asked for');
  await corpus.erase('session-1', 'admin-1', 'asked for again');
  t.equal(statSync(join(options.directory, 'corpus.db-wal')).size, 0, 'the log is empty');
  await t.rejects(corpus.blob('session-1', received!.blob!), { code: 'NOT_FOUND' });
  const left = await readAll(corpus, 'session-1');
  t.match(left, [{ n: 4, type: 'session.erased', data: { by: 'admin-1', reason: 'asked for' } }]);
  t.equal(await corpus.latest('session-1', 'words.committed'), undefined);
  t.equal((await corpus.summary('session-1'))?.state, 'erased');
  t.same((await corpus.verify()).faults, []);
  t.equal((await readAll(corpus, 'session-2')).length, 2, 'the other session is untouched');
  await corpus.close();

  const disk = bytesBelow(options.directory);
  t.notOk(disk.includes(wrapped), 'no byte string of the key is left');
  t.notOk(disk.includes(ciphertext), 'nor of the audio');
  const again = await createCorpus(options);
  t.teardown(() => again.close());
  t.same(await readAll(again, 'session-1'), left);
  t.same((await again.verify()).faults, []);
});

t.test('[C2] an erased session takes audit events and nothing else', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await corpus.erase('session-1', 'admin-1', 'asked for');
  await t.rejects(corpus.append('session-1', [slice(0)]), { code: 'SESSION_UNKNOWN' });
  const [denied] = await corpus.append('session-1', [
    { type: 'access.denied', data: { by: 'x', what: 'read', code: 'SESSION_UNKNOWN' } },
  ]);
  t.same((await readAll(corpus, 'session-1')).at(-1), denied);
  t.same((await corpus.verify()).faults, []);
  await t.rejects(corpus.erase('nobody-1', 'a', 'b'), { code: 'SESSION_UNKNOWN' });
});

t.test('[C2] what was appended in the same commit as the erasure is erased with it', async (t) => {
  const { corpus } = await createTestCorpus(t);
  const results = await Promise.allSettled([
    corpus.open('session-1', opened),
    corpus.append('session-1', [slice(0)]),
    corpus.erase('session-1', 'admin-1', 'asked for'),
    corpus.append('session-1', [slice(1)]),
  ]);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
  );
  t.match(await corpus.verify(), { events: 3, blobs: 0, faults: [] });
  t.match(await readAll(corpus, 'session-1'), [{ type: 'session.erased' }]);
});

t.test('[C2] a damaged session can still be erased', async (t) => {
  const options = optionsFor(createDirectory(t));
  const first = await createCorpus(options);
  await first.open('session-1', opened);
  await first.append('session-1', [slice(0), words(PHRASE)]);
  await first.close();
  const db = new Database(join(options.directory, 'corpus.db'));
  db.exec('DROP TRIGGER events_refuse_update; UPDATE events SET payload = zeroblob(40) WHERE n = 2');
  db.close();
  const corpus = await createCorpus(options);
  t.teardown(() => corpus.close());
  await t.rejects(readAll(corpus, 'session-1'), { code: 'CORRUPT' });
  await corpus.erase('session-1', 'admin-1', 'asked for');
  t.match(await readAll(corpus, 'session-1', 3), [{ type: 'session.erased' }]);
});

t.test('[C2] [C3] who read an erased session before is still known, and nothing else about it', async (t) => {
  const { corpus } = await createTestCorpus(t);
  await corpus.open('session-1', opened);
  await corpus.append('session-1', [
    words(PHRASE),
    { type: 'session.read', data: { by: 'reviewer-1', what: 'result' } },
    { type: 'session.exported', data: { by: 'reviewer-1', what: 'audio' } },
  ]);
  await corpus.erase('session-1', 'admin-1', 'asked for');
  t.match(await readAll(corpus, 'session-1'), [
    { n: 3, type: 'session.read', data: { by: 'reviewer-1', what: 'result' } },
    { n: 4, type: 'session.exported' },
    { n: 5, type: 'session.erased' },
  ]);
  t.same((await corpus.verify()).faults, []);
});
