/** What the tests of verification share: a corpus with two sessions, copies of it to be damaged, and what is read of one. */
import { copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import type { CorpusEvent } from '../../shared/events.ts';
import type { Corpus } from './corpus.ts';
import { type CorpusOptions, createCorpus } from './create-corpus.ts';
import { createDirectory, opened, optionsFor, readAll, slice, words } from './testing.ts';

/** Two sessions with audio and text, closed, so that everything stands in the one file. */
export async function writeTemplate(t: Test): Promise<CorpusOptions> {
  const template = optionsFor(createDirectory(t));
  const corpus = await createCorpus(template);
  for (const session of ['session-1', 'session-2']) {
    await corpus.open(session, opened);
    for (let seq = 0; seq < 8; seq++) {
      await corpus.append(session, [
        slice(seq, new Uint8Array(6000).fill(seq)),
        words('good', 'morning', `${seq}`),
      ]);
    }
  }
  await corpus.close();
  return template;
}

export function copyStored(t: Test, template: CorpusOptions): CorpusOptions {
  const options = optionsFor(createDirectory(t));
  cpSync(template.directory, options.directory, { recursive: true });
  copyFileSync(template.masterKeyFile, options.masterKeyFile);
  return options;
}

/** Raw SQL on the stored data, the guards taken away first, as one would who means harm. */
export async function tamper(options: CorpusOptions, sql: string): Promise<void> {
  const db = new Database(join(options.directory, 'corpus.db'));
  for (const name of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all()) {
    db.exec(`DROP TRIGGER ${name}`);
  }
  db.exec(sql);
  db.close();
}

export async function verifyStored(t: Test, options: CorpusOptions) {
  const corpus = await createCorpus({ ...options, readOnly: true });
  t.teardown(() => corpus.close());
  return corpus.verify();
}

export async function contentOf(corpus: Corpus): Promise<string> {
  const content: [CorpusEvent, string?][] = [];
  for (const { session } of await corpus.sessions()) {
    for (const event of await readAll(corpus, session)) {
      const blob = event.blob && Buffer.from(await corpus.blob(session, event.blob)).toString('hex');
      content.push([event, blob]);
    }
  }
  return JSON.stringify(content);
}
