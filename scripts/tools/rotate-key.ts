/** `npm run rotate-key`: a new master key; every session's key is wrapped again under it. The server must be stopped. */
import { withCorpus } from './corpus.ts';
import { createCommand, type Tool } from './run-tool.ts';
import { findServer } from './running-server.ts';

export const rotateKey: Tool = async (task) => {
  const { config, say, note } = task;
  const program = createCommand('rotate-key', 'Makes a new master key, while no server runs.', task);
  program.parse(task.args, { from: 'user' });
  const address = findServer(config);
  if (address !== undefined) {
    throw new Error(
      `A server runs at ${address} and holds the old key; stop it, rotate, and start it again.`,
    );
  }
  await withCorpus(config, 'write', (corpus) => corpus.rotateMasterKey());
  say(`✓ ${config.masterKeyFile} holds a new key`);
  note('Copy it to where you keep it apart. Backups made before need the old one.');
  return true;
};
