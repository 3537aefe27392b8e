import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { type CorpusOptions, createCorpus } from './create-corpus.ts';
import { readAll, slice } from './testing.ts';
import { contentOf, copyStored, tamper, verifyStored, writeTemplate } from './testing-stored.ts';

const template = await writeTemplate(t);
const createStored = (t: Test) => copyStored(t, template);

/** One bit of a stored key. */
async function turnOver(options: CorpusOptions, stream: string): Promise<void> {
  const db = new Database(join(options.directory, 'corpus.db'));
  const wrapped = db.prepare('SELECT wrapped FROM keys WHERE stream = ?').pluck().get(stream) as Buffer;
  wrapped[20]! ^= 4;
  db.prepare('UPDATE keys SET wrapped = ? WHERE stream = ?').run(wrapped, stream);
  db.close();
}

async function contentOfStored(options: CorpusOptions): Promise<string> {
  const corpus = await createCorpus({ ...options, readOnly: true });
  const content = await contentOf(corpus);
  await corpus.close();
  return content;
}

const own = ['$system', '$system copy'];

for (const [damaged, what] of [
  ['$system', "the corpus's own key is damaged; its copy is used"],
  ['$system copy', "the copy of the corpus's own key is damaged"],
] as const) {
  t.test(`[C1] a bit turned over in the key of ${damaged} is named, and every session is read`, async (t) => {
    const options = createStored(t);
    const expected = await contentOfStored(options);
    await turnOver(options, damaged);
    const corpus = await createCorpus(options);
    t.teardown(() => corpus.close());
    t.same((await corpus.verify()).faults, [{ session: '$system', n: 0, what }]);
    t.equal(await contentOf(corpus), expected);
    t.equal((await corpus.append('session-1', [slice(9)]))[0]!.n, 18);
    await corpus.rotateMasterKey();
    t.same((await corpus.verify()).faults, [], 'a new master key wraps both again');
  });
}

t.test('[C1] a corpus whose own key is damaged in both places says so and stays as it is', async (t) => {
  const options = createStored(t);
  for (const place of own) await turnOver(options, place);
  await t.rejects(createCorpus(options), /damaged in both its places: restore corpus.db from a backup/);
  await tamper(options, "DELETE FROM keys WHERE stream LIKE '$system%'");
  await t.rejects(createCorpus(options), /has no system key/, 'and gets no other key');
});

t.test('[C1] a corpus of before there was a copy of its key opens and gets one', async (t) => {
  const options = createStored(t);
  await tamper(options, "DELETE FROM keys WHERE stream = '$system copy'");
  t.same((await verifyStored(t, options)).faults, []);
  await (await createCorpus(options)).close();
  await tamper(options, "DELETE FROM keys WHERE stream = '$system'");
  const corpus = await createCorpus(options);
  t.teardown(() => corpus.close());
  t.match((await corpus.verify()).faults, [{ what: /own key is damaged; its copy is used/ }]);
  t.equal((await readAll(corpus, 'session-1')).length, 17);
});

t.test('[C2] one damaged key does not keep the others from being wrapped anew', async (t) => {
  const options = createStored(t);
  await turnOver(options, 'session-1');
  const corpus = await createCorpus(options);
  await corpus.rotateMasterKey();
  await corpus.close();
  const again = await createCorpus(options);
  t.teardown(() => again.close());
  t.match((await again.verify()).faults, [{ session: 'session-1', what: 'its key does not unwrap' }]);
  t.equal((await readAll(again, 'session-2')).length, 17);
});
