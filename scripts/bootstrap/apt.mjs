// @ts-check
/** Debian's package manager, used only where it may be: as root. Runs before any npm package is there. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @param {string} name
 * @returns {string | undefined} where the program lies on PATH
 */
export function findOnPath(name) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    for (const ending of endings) {
      const path = join(directory, name + ending);
      if (directory !== '' && existsSync(path)) return path;
    }
  }
  return undefined;
}

/** Whether packages can be installed here without asking anybody. */
export function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findOnPath('apt-get') !== undefined;
}

let listsAreFresh = false;

/**
 * @param {readonly string[]} packages Debian's names
 * @returns {string | undefined} what went wrong in one line, or undefined
 */
export function aptInstall(packages) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  /** @param {string[]} args */
  const apt = (...args) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=1', ...args], {
      env: environment,
      encoding: 'utf8',
      timeout: 600_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  if (!listsAreFresh) {
    // A failed update is not yet a failure: what is wanted may be in lists fetched earlier.
    listsAreFresh = apt('update', '-q').status === 0;
  }
  const result = apt('install', '-y', '-q', '--no-install-recommends', ...packages);
  if (result.status === 0) return undefined;
  const complaint = result.stderr?.split('\n').find((line) => line.startsWith('E:'));
  return complaint ?? `apt-get ended with ${result.status ?? result.signal}`;
}
