import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Corpus } from './corpus.ts';
import { type CorpusOptions, createCorpus } from './create-corpus.ts';
import { createDirectory, createRandom, optionsFor, pickSeed, readAll, slice } from './testing.ts';
import { contentOf, copyStored, tamper, verifyStored, writeTemplate } from './testing-stored.ts';

const FLIPS = 50;

const template = await writeTemplate(t);
const createStored = (t: Test) => copyStored(t, template);

for (const [what, sql, session, n] of [
  [
    'a changed payload',
    "UPDATE events SET payload = zeroblob(40) WHERE stream = 'session-1' AND n = 5",
    'session-1',
    5,
  ],
  [
    'a changed time',
    "UPDATE events SET at = '2000-01-01T00:00:00.000Z' WHERE stream = 'session-1' AND n = 3",
    'session-1',
    3,
  ],
  [
    'a changed type',
    "UPDATE events SET type = 'session.read' WHERE stream = 'session-1' AND n = 3",
    'session-1',
    3,
  ],
  ['a removed event', "DELETE FROM events WHERE stream = 'session-1' AND n = 4", 'session-1', 4],
  ['a removed last event', "DELETE FROM events WHERE stream = 'session-1' AND n = 17", 'session-1', 17],
  [
    'a shortened session whose record was made to fit',
    `DELETE FROM events WHERE stream = 'session-1' AND n = 17;
     UPDATE streams SET events = 16, head = (SELECT hash FROM events WHERE stream = 'session-1' AND n = 16)
     WHERE stream = 'session-1'`,
    'session-1',
    16,
  ],
  ['a removed blob', 'DELETE FROM blobs WHERE id = (SELECT min(id) FROM blobs)', 'session-1', 2],
  [
    'a changed blob',
    'UPDATE blobs SET bytes = zeroblob(6028) WHERE id = (SELECT min(id) FROM blobs)',
    'session-1',
    2,
  ],
  [
    'another state in the record',
    "UPDATE streams SET state = 'finished' WHERE stream = 'session-1'",
    'session-1',
    17,
  ],
  ['a removed key', "DELETE FROM keys WHERE stream = 'session-1'", 'session-1', 0],
  [
    "another session's key",
    "UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE stream = 'session-2') WHERE stream = 'session-1'",
    'session-1',
    0,
  ],
  [
    'a session that vanished whole',
    "DELETE FROM events WHERE stream = 'session-1'; DELETE FROM streams WHERE stream = 'session-1'",
    '$system',
    0,
  ],
] as const) {
  t.test(`[C1] verify names ${what}`, async (t) => {
    const options = createStored(t);
    await tamper(options, sql);
    const { faults } = await verifyStored(t, options);
    t.match(
      faults.find((fault) => fault.session === session),
      { n },
      JSON.stringify(faults),
    );
    t.notOk(faults.some((fault) => fault.session === 'session-2'));
  });
}

t.test('[C1] a damaged session is read-only, the others go on, and mending it opens it again', async (t) => {
  const options = createStored(t);
  const file = join(options.directory, 'corpus.db');
  const good = readFileSync(file);
  await tamper(options, "UPDATE events SET payload = zeroblob(40) WHERE stream = 'session-1' AND n = 5");
  const corpus = await createCorpus(options);
  const read: number[] = [];
  const reading = async () => {
    for await (const event of corpus.events('session-1')) read.push(event.n);
  };
  await t.rejects(reading(), { code: 'CORRUPT' });
  t.same(read, [1, 2, 3, 4], 'what stands before the fault can be read');
  t.equal((await readAll(corpus, 'session-1', 5)).length, 12, 'and what stands behind it');
  await t.rejects(corpus.append('session-1', [slice(9)]), { code: 'CORRUPT' });
  t.equal((await corpus.append('session-2', [slice(9)]))[0]!.n, 18);
  t.same(
    (await corpus.sessions({ state: 'corrupt' })).map(({ session }) => session),
    ['session-1'],
  );
  await corpus.close();

  const again = await createCorpus(options);
  await t.rejects(again.append('session-1', [slice(9)]), { code: 'CORRUPT' }, 'also after a restart');
  await again.close();

  writeFileSync(file, good);
  const mended = await createCorpus(options);
  t.teardown(() => mended.close());
  await mended.verify();
  t.equal((await mended.append('session-1', [slice(9)]))[0]!.n, 18);
});

t.test('[C1] an append to a session whose end does not verify is refused unread', async (t) => {
  const options = createStored(t);
  await tamper(options, "DELETE FROM events WHERE stream = 'session-1' AND n = 17");
  const corpus = await createCorpus(options);
  t.teardown(() => corpus.close());
  await t.rejects(corpus.append('session-1', [slice(9)]), { code: 'CORRUPT' });
});

t.test('[C1] totals that were changed are not sealed again by the next append', async (t) => {
  const options = createStored(t);
  await tamper(options, 'UPDATE totals SET events = 1');
  const corpus = await createCorpus(options);
  t.teardown(() => corpus.close());
  await corpus.append('session-1', [slice(9)]);
  t.match((await corpus.verify()).faults, [
    { session: '$system', n: 0, what: 'the totals have been changed' },
  ]);
});

t.test(
  `[C1] ${FLIPS} random single-bit flips in the file: none changes what is read without being found`,
  async (t) => {
    const options = createStored(t);
    const random = createRandom(pickSeed(t));
    const whole = await createCorpus({ ...options, readOnly: true });
    const expected = await contentOf(whole);
    await whole.close();
    const good = readFileSync(join(options.directory, 'corpus.db'));
    let found = 0;
    let harmless = 0;
    for (let flip = 0; flip < FLIPS; flip++) {
      const offset = Math.floor(random() * good.byteLength);
      const bad = Buffer.from(good);
      bad[offset]! ^= 1 << Math.floor(random() * 8);
      const copy = optionsFor(createDirectory(t), { readOnly: true });
      mkdirSync(copy.directory);
      copyFileSync(options.masterKeyFile, copy.masterKeyFile);
      writeFileSync(join(copy.directory, 'corpus.db'), bad);
      const outcome = await outcomeOf(copy, expected);
      if (outcome === 'undetected') t.fail(`byte ${offset}`);
      else if (outcome === 'found') found++;
      else harmless++;
    }
    t.comment(`${found} found, ${harmless} in bytes that hold nothing`);
    t.ok(found > FLIPS / 2);
  },
);

async function outcomeOf(
  options: CorpusOptions,
  expected: string,
): Promise<'found' | 'harmless' | 'undetected'> {
  let corpus: Corpus;
  try {
    corpus = await createCorpus(options);
  } catch {
    return 'found';
  }
  try {
    if ((await corpus.verify()).faults.length > 0) return 'found';
    return (await contentOf(corpus)) === expected ? 'harmless' : 'undetected';
  } catch {
    return 'undetected';
  } finally {
    await corpus.close();
  }
}
