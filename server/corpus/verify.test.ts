import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import type { CorpusEvent } from '../../shared/events.ts';
import type { Corpus } from './corpus.ts';
import { type CorpusOptions, createCorpus } from './create-corpus.ts';
import {
  createDirectory,
  createRandom,
  opened,
  optionsFor,
  pickSeed,
  readAll,
  slice,
  words,
} from './testing.ts';

const FLIPS = 50;

/** Two sessions with audio and text, closed, so that everything stands in the one file. */
const template = optionsFor(createDirectory(t));
const written = await createCorpus(template);
for (const session of ['session-1', 'session-2']) {
  await written.open(session, opened);
  for (let seq = 0; seq < 8; seq++) {
    await written.append(session, [
      slice(seq, new Uint8Array(6000).fill(seq)),
      words('good', 'morning', `${seq}`),
    ]);
  }
}
await written.close();

function createStored(t: Test): CorpusOptions {
  const options = optionsFor(createDirectory(t));
  cpSync(template.directory, options.directory, { recursive: true });
  copyFileSync(template.masterKeyFile, options.masterKeyFile);
  return options;
}

/** Raw SQL on the stored data, the guards taken away first, as one would who means harm. */
async function tamper(options: CorpusOptions, sql: string): Promise<void> {
  const db = new Database(join(options.directory, 'corpus.db'));
  for (const name of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all()) {
    db.exec(`DROP TRIGGER ${name}`);
  }
  db.exec(sql);
  db.close();
}

/** One bit of a stored key. */
async function turnOver(options: CorpusOptions, stream: string): Promise<void> {
  const db = new Database(join(options.directory, 'corpus.db'));
  const wrapped = db.prepare('SELECT wrapped FROM keys WHERE stream = ?').pluck().get(stream) as Buffer;
  wrapped[20]! ^= 4;
  db.prepare('UPDATE keys SET wrapped = ? WHERE stream = ?').run(wrapped, stream);
  db.close();
}

async function verifyStored(t: Test, options: CorpusOptions) {
  const corpus = await createCorpus({ ...options, readOnly: true });
  t.teardown(() => corpus.close());
  return corpus.verify();
}

async function contentOf(corpus: Corpus): Promise<string> {
  const content: [CorpusEvent, string?][] = [];
  for (const { session } of await corpus.sessions()) {
    for (const event of await readAll(corpus, session)) {
      const blob = event.blob && Buffer.from(await corpus.blob(session, event.blob)).toString('hex');
      content.push([event, blob]);
    }
  }
  return JSON.stringify(content);
}

async function contentOfStored(options: CorpusOptions): Promise<string> {
  const corpus = await createCorpus({ ...options, readOnly: true });
  const content = await contentOf(corpus);
  await corpus.close();
  return content;
}

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

/** The files as a crash leaves them, the log not yet in the database. */
function crashOf(t: Test, options: CorpusOptions): CorpusOptions {
  const copy = optionsFor(createDirectory(t));
  mkdirSync(copy.directory);
  for (const file of ['corpus.db', 'corpus.db-wal', 'corpus.mark'])
    copyFileSync(join(options.directory, file), join(copy.directory, file));
  copyFileSync(options.masterKeyFile, copy.masterKeyFile);
  return copy;
}

t.test('[I1] a bit turned over in the log before its replay loses nothing unnoticed', async (t) => {
  const options = createStored(t);
  const running = await createCorpus(options);
  t.teardown(() => running.close());
  for (let seq = 8; seq < 16; seq++) await running.append('session-1', [slice(seq)]);

  const whole = await createCorpus(crashOf(t, options));
  t.teardown(() => whole.close());
  t.same((await whole.verify()).faults, [], 'a crash alone loses nothing');
  t.equal((await whole.summary('session-1'))?.events, 25);

  const crashed = crashOf(t, options);
  const log = join(crashed.directory, 'corpus.db-wal');
  const bytes = readFileSync(log);
  bytes[Math.floor(bytes.byteLength / 2)]! ^= 1;
  writeFileSync(log, bytes);
  const corpus = await createCorpus(crashed);
  const left = (await corpus.summary('session-1'))!.events;
  t.ok(left < 25, `${left} events were replayed`);
  const gone = [{ session: '$system', what: new RegExp(`^${25 - left} events that were appended are gone`) }];
  t.match((await corpus.verify()).faults, gone);
  for (let seq = 0; seq < 20; seq++) await corpus.append('session-2', [slice(seq + 8)]);
  t.match((await corpus.verify()).faults, gone, 'also after more was appended than is gone');
  await corpus.close();
  t.match((await verifyStored(t, crashed)).faults, gone, 'and after a restart');
});

t.test('[C1] a mark that was changed is named, and one that is missing claims nothing', async (t) => {
  const options = createStored(t);
  const file = join(options.directory, 'corpus.mark');
  const mark = readFileSync(file);
  mark[7]! ^= 1;
  writeFileSync(file, mark);
  t.match((await verifyStored(t, options)).faults, [{ what: /^the mark of how many events/ }]);
  rmSync(file);
  t.same((await verifyStored(t, options)).faults, []);
  await (await createCorpus(options)).close();
  t.same((await verifyStored(t, options)).faults, []);
});

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
