/** The corpus of the settings, opened by a tool. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../server/config.ts';
import type { Corpus, SessionSummary } from '../../server/corpus/corpus.ts';
import { createCorpus } from '../../server/corpus/create-corpus.ts';

/**
 * Opens it, does the work, closes it. For reading also while a server runs.
 * @throws Error in one sentence when there is no corpus, no master key, or (for writing) a server runs
 */
export async function withCorpus<Result>(
  config: Config,
  mode: 'read' | 'write',
  work: (corpus: Corpus) => Promise<Result>,
): Promise<Result> {
  const { AUSCULT_DATA: directory, masterKeyFile } = config;
  if (!existsSync(join(directory, 'corpus.db'))) {
    throw new Error(`There is no corpus in ${directory}; start the server once, or set AUSCULT_DATA.`);
  }
  const corpus = await createCorpus({ directory, masterKeyFile, readOnly: mode === 'read' });
  try {
    return await work(corpus);
  } finally {
    await corpus.close();
  }
}

/** @throws Error when there is no such session */
export async function summaryOf(corpus: Corpus, session: string): Promise<SessionSummary> {
  const summary = await corpus.summary(session);
  if (summary === undefined) throw new Error(`There is no session ${session}.`);
  return summary;
}
