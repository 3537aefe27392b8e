// @ts-check
/** Runs a TypeScript file of ours as the one that the user started: its signals, its exit code. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @type {readonly NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * @param {string} root the project's directory
 * @param {string} script path from the root
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function launch(root, script, args) {
  const tsx = createRequire(join(root, 'package.json')).resolve('tsx');
  const child = spawn(process.execPath, ['--import', pathToFileURL(tsx).href, join(root, script), ...args], {
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to every process of the group: passing it on would make two of it.
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const handlers = signals.map((signal) => {
    const handler = () => {
      if (!(hasTerminal && signal === 'SIGINT')) child.kill(signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const remove of handlers) remove();
      resolve({ code, signal });
    });
  });
}

/**
 * Ends this process as the child ended.
 *
 * @param {{ code: number | null, signal: NodeJS.Signals | null }} end
 */
export function endLike({ code, signal }) {
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code ?? 1;
}
