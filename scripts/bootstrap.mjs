// @ts-check
/** What every command does before anything else; plain JavaScript, because nothing is installed yet. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endLike, launch } from './bootstrap/launch.mjs';
import { withLock } from './bootstrap/lock.mjs';
import { ensurePackages, oldestNode, SetupError } from './bootstrap/packages.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string} line */
const say = (line) => process.stderr.write(`${line}\n`);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupError(
    `Auscult needs Node.js ${oldestNode.join('.')} or newer; this is ${process.versions.node}.`,
    'Install a newer one from https://nodejs.org and run the command again.',
  );
}

/**
 * Installs what is missing, then runs the scripts one after another for as long as they end with 0.
 *
 * @param {readonly { script: string, args: readonly string[] }[]} commands
 */
export async function bootstrapAndRun(commands) {
  try {
    checkNode();
    await withLock(
      join(root, '.setup-lock'),
      (owner) => say(`Another set-up is running here (process ${owner}); waiting for it.`),
      () => ensurePackages(root, say),
    );
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`✗ ${error.message}\n  ${error.remedy}`);
    process.exitCode = 1;
    return;
  }
  for (const { script, args } of commands) {
    const end = await launch(root, script, args);
    if (end.code !== 0) return endLike(end);
  }
}
