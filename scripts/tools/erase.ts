/**
 * `npm run erase -- <session> [--reason TEXT]`: destroys a session's key and blobs. A running server is asked to do it,
 * because only one process writes; without one the tool writes itself.
 */
import { summaryOf, withCorpus } from './corpus.ts';
import { createCommand, type Tool } from './run-tool.ts';
import { account, askServer, findServer } from './running-server.ts';

export const erase: Tool = async (task) => {
  const { config, say, note } = task;
  const program = createCommand('erase', 'Erases a session for good; the chain and who erased it stay.', task)
    .argument('<session>', 'which one')
    .option('--reason <text>', 'kept in the audit trail', '');
  program.parse(task.args, { from: 'user' });
  const session = program.args[0]!;
  const { reason } = program.opts<{ reason: string }>();
  const { state, tenant } = await withCorpus(config, 'read', (corpus) => summaryOf(corpus, session));
  const address = findServer(config);
  // Asked again for an erased session, the corpus clears what a reader kept it from clearing; a server has no such call.
  if (state === 'erased' && address !== undefined) throw new Error(`${session} is erased already.`);
  if (address === undefined) {
    await withCorpus(config, 'write', (corpus) => corpus.erase(session, account(), reason));
  } else {
    const admin = { subject: account(), tenant, roles: ['admin'] as const };
    await askServer(config, address, admin, {
      method: 'DELETE',
      path: `/api/sessions/${session}`,
      body: { reason },
    });
  }
  say(`✓ ${session} is erased`);
  note('Backups made before hold it still: let them expire.');
  return true;
};
