/**
 * `npm run backup -- DIR`: a copy of one instant of the corpus, also while the server runs. Restore: stop the server, put
 * `corpus.db` alone into an empty data directory beside the master key it was written under, and start.
 */
import { resolve } from 'node:path';
import { withCorpus } from './corpus.ts';
import { createCommand, type Tool } from './run-tool.ts';

export const backup: Tool = async (task) => {
  const { config, say, note } = task;
  const program = createCommand(
    'backup',
    'Copies the corpus as it is at this instant, also while the server runs.',
    task,
  ).argument('<directory>', 'where corpus.db is written; must not hold one');
  program.parse(task.args, { from: 'user' });
  const directory = resolve(program.args[0]!);
  await withCorpus(config, 'read', (corpus) => corpus.backup(directory));
  say(`✓ ${directory}/corpus.db`);
  note(`The master key is not in it: keep a copy of ${config.masterKeyFile} elsewhere.`);
  return true;
};
