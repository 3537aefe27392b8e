/** `npm run rotate-key`: a new master key; every session's key is wrapped again under it. The server must be stopped. */
import { withCorpus } from './tools/corpus.ts';
import { createTool, note, runTool, say } from './tools/run-tool.ts';
import { findServer } from './tools/running-server.ts';

const program = createTool('rotate-key', 'Makes a new master key, while no server runs.');

await runTool(async (config) => {
  program.parse();
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
});
