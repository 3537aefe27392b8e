// @ts-check
/** The npm packages of the lock file, installed once for this Node and this platform. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { aptInstall, canInstall, findOnPath } from './apt.mjs';

/** Set-up cannot go on: the message says what is missing, the remedy what to do. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} remedy
   */
  constructor(message, remedy) {
    super(message);
    this.name = 'SetupError';
    this.remedy = remedy;
  }
}

/** Major and minor of the oldest Node that the locked packages name in their `engines`. */
export const oldestNode = /** @type {const} */ ([20, 19]);

/** A native module without which nothing works → the statement that makes it load its binary. */
export const nativeModules = {
  'better-sqlite3': "new (require('better-sqlite3'))(':memory:').close()",
  '@discordjs/opus': "new (require('@discordjs/opus').OpusEncoder)(16000, 1)",
  'onnxruntime-node': "require('onnxruntime-node')",
};

/**
 * In a process of its own, because a binary for another Node can end the process that loads it.
 *
 * @param {string} root
 * @param {string} name
 * @returns {string | undefined} why it does not load, in one line
 */
export function whyNotLoading(root, name) {
  const statement = /** @type {Record<string, string>} */ (nativeModules)[name] ?? `require('${name}')`;
  const result = spawnSync(process.execPath, ['-e', statement], {
    cwd: root,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (result.status === 0) return undefined;
  const line = result.stderr?.split('\n').find((each) => /^\w*Error\b/.test(each));
  return line ?? `the process that loaded it ended with ${result.signal ?? result.status}`;
}

/** @param {string} root */
const stampPath = (root) => join(root, 'node_modules', '.auscult-packages');

/** @param {string} root */
function expectedStamp(root) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform}-${process.arch} abi-${process.versions.modules}\n`;
}

/** @param {string} path */
function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/**
 * Whether somebody ran `npm ci` by hand: npm's own record agrees with the lock file and every native module
 * loads.
 *
 * @param {string} root
 */
function isInstalledByHand(root) {
  const record = readIfThere(join(root, 'node_modules', '.package-lock.json'));
  if (record === undefined) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(record).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || (entry.optional && installed[path] === undefined)) continue;
    if (installed[path]?.version !== entry.version || installed[path]?.integrity !== entry.integrity)
      return false;
  }
  return Object.keys(nativeModules).every((name) => whyNotLoading(root, name) === undefined);
}

/**
 * Shape: the command and first arguments that run npm with this very Node, so that native modules are
 * compiled for it.
 */
function npmCommand() {
  const beside = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    join(dirname(process.execPath), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  if (beside !== undefined) return [process.execPath, beside];
  const onPath = findOnPath('npm');
  if (onPath === undefined) {
    throw new SetupError(
      'npm is not installed.',
      'Install it (it comes with Node.js from https://nodejs.org).',
    );
  }
  return [onPath];
}

/** @returns {NodeJS.ProcessEnv} */
function npmEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const header = readIfThere(join(prefix, 'include', 'node', 'node_version.h'));
  const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(header ?? '')?.[1];
  return {
    ...process.env,
    PATH: `${dirname(process.execPath)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
    // Its install script fetches GPU libraries; the CPU library is inside the package. npm ≥ 11 is told by
    // `allowScripts` in package.json, older ones by this.
    ONNXRUNTIME_NODE_INSTALL: 'skip',
    // node-gyp compiles on one core unless told otherwise.
    JOBS: process.env.JOBS ?? 'max',
    // With Node's headers at hand nothing has to be downloaded for compiling.
    ...(major === process.versions.node.split('.')[0] ? { npm_config_nodedir: prefix } : {}),
  };
}

/**
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function runNpmCi(root, say) {
  const [command = '', ...first] = npmCommand();
  const child = spawn(
    command,
    [...first, 'ci', '--no-audit', '--no-fund', '--loglevel=error', '--include=dev'],
    {
      cwd: root,
      env: npmEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: command.endsWith('.cmd'),
    },
  );
  let output = '';
  const collect = (/** @type {Buffer} */ bytes) => {
    output = (output + bytes).slice(-20_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const started = Date.now();
  const heartbeat = setInterval(
    () => say(`… still installing (${Math.round((Date.now() - started) / 1000)} s)`),
    15_000,
  );
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearInterval(heartbeat);
      resolve({ code, output });
    });
  });
}

const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|network request/;

function missingCompilerTools() {
  const wanted = { python3: ['python3', 'python'], make: ['make'], 'g++': ['g++', 'c++', 'clang++'] };
  return Object.entries(wanted)
    .filter(([, programs]) => programs.every((program) => findOnPath(program) === undefined))
    .map(([name]) => name);
}

/**
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {Promise<boolean>} whether anything had to be installed
 * @throws SetupError
 */
export async function ensurePackages(root, say) {
  const wanted = expectedStamp(root);
  if (readIfThere(stampPath(root)) === wanted) return false;
  if (isInstalledByHand(root)) {
    writeFileSync(stampPath(root), wanted);
    return false;
  }
  say(
    'Installing the npm packages. Where no prebuilt binary can be had, better-sqlite3 and @discordjs/opus are compiled: about a minute each.',
  );
  let result = await runNpmCi(root, say);
  const tools = missingCompilerTools();
  if (
    result.code !== 0 &&
    tools.length > 0 &&
    !unreachable.test(result.output.replace(/^.*(gyp|prebuild).*$/gm, ''))
  ) {
    let failure;
    if (canInstall()) {
      say(`Installing ${tools.join(', ')} with apt-get, to compile native modules.`);
      failure = aptInstall(tools);
    } else failure = 'not root on Debian';
    if (failure !== undefined) {
      throw new SetupError(
        `A native module has to be compiled and ${tools.join(', ')} ${tools.length > 1 ? 'are' : 'is'} not installed.`,
        `Install ${tools.length > 1 ? 'them' : 'it'} (on Debian or Ubuntu: apt-get install ${tools.join(' ')}) and run the command again.`,
      );
    }
    result = await runNpmCi(root, say);
  }
  if (result.code !== 0) {
    const complaint = result.output
      .split('\n')
      .map((line) => /^npm (?:ERR!|error)\s+(?!code\b)(\S.*)/.exec(line)?.[1])
      .find((line) => line !== undefined);
    throw new SetupError(
      `npm ci did not succeed${complaint === undefined ? '.' : `: ${complaint}`}`,
      unreachable.test(result.output)
        ? 'Check that the npm registry can be reached from here, then run the command again.'
        : 'Run `npm ci` by hand to see all of its output, then run the command again.',
    );
  }
  for (const name of Object.keys(nativeModules)) {
    const reason = whyNotLoading(root, name);
    if (reason !== undefined) {
      throw new SetupError(
        `The native module ${name} does not load: ${reason}`,
        `Run \`npm rebuild ${name}\` to see why, then run the command again.`,
      );
    }
  }
  writeFileSync(stampPath(root), wanted);
  say('The npm packages are installed.');
  return true;
}
