/** Where the program whisper-server is: the user's own, one on the search path, or one that set-up has built. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

/** What is missing, and what to do about it: one sentence each. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

export interface WhisperServerOptions {
  /** The user's own binary; taken as it is. */
  bin?: string;
  /** Directories separated as in PATH. */
  searchPath?: string;
  cacheDirectory: string;
}

export const executableName = process.platform === 'win32' ? 'whisper-server.exe' : 'whisper-server';

/** The user's binary, one on the search path, or one built before. @throws SetupError when `bin` cannot be run. */
export async function findWhisperServer(options: WhisperServerOptions): Promise<string | undefined> {
  if (options.bin !== undefined && options.bin !== '') {
    if (await isExecutable(options.bin)) return options.bin;
    throw new SetupError(
      `There is no program at WHISPER_SERVER_BIN (${options.bin}).`,
      'Set it to a whisper-server binary, or unset it to have one built.',
    );
  }
  for (const directory of (options.searchPath ?? '').split(path.delimiter)) {
    const candidate = path.join(directory, executableName);
    if (directory !== '' && (await isExecutable(candidate))) return candidate;
  }
  const built = path.join((await buildPlace(options.cacheDirectory)).directory, executableName);
  return (await isExecutable(built)) ? built : undefined;
}

/** Raised with the options of the build, so that a binary built with older ones is not taken for it. */
const RECIPE = 3;

/** Builds for other processors or versions stand beside this one. */
export async function buildPlace(cacheDirectory: string) {
  const require = createRequire(import.meta.url);
  let manifest: string;
  try {
    manifest = require.resolve('nodejs-whisper/package.json');
  } catch {
    throw new SetupError('The npm package nodejs-whisper is not installed.', 'Run `npm ci` in the project.');
  }
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const processor = createHash('sha256')
    .update(await processorFeatures())
    .digest('hex')
    .slice(0, 12);
  const name = `${version}.${RECIPE}-${process.platform}-${process.arch}-${processor}`;
  return {
    source: path.join(path.dirname(manifest), 'cpp', 'whisper.cpp'),
    directory: path.join(cacheDirectory, 'whisper-server', name),
  };
}

/** A binary made for one processor may not run on another that shares the cache directory. */
async function processorFeatures(): Promise<string> {
  try {
    const info = await readFile('/proc/cpuinfo', 'utf8');
    const flags = /^(?:flags|Features)\s*:.*$/m.exec(info);
    if (flags) return flags[0];
  } catch {
    // Not Linux: the processor's name has to do.
  }
  return os.cpus()[0]?.model ?? 'unknown';
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
