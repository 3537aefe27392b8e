import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CorpusOptions, createCorpus } from './create-corpus.ts';
import { createDirectory, optionsFor, slice } from './testing.ts';
import { copyStored, verifyStored, writeTemplate } from './testing-stored.ts';

const template = await writeTemplate(t);
const createStored = (t: Test) => copyStored(t, template);

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
