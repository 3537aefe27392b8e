/**
 * Builds whisper-server once from the whisper.cpp sources inside the npm package nodejs-whisper,
 * compiled for this machine's processor: how it is compiled decides how fast it is.
 */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import {
  buildPlace,
  executableName,
  findWhisperServer,
  isExecutable,
  SetupError,
  type WhisperServerOptions,
} from '../../server/speech/engines/find-whisper-server.ts';
import { quantiserName } from '../../server/speech/engines/quantised-model.ts';
import { withLock } from './lock.ts';

export interface BuildOptions {
  cacheDirectory: string;
  onProgress?: (ratio: number) => void;
  /** For tests: other sources, and a cmake that fails. */
  source?: string;
  cmake?: string;
}

/** @throws SetupError */
export async function findOrBuildWhisperServer(
  options: WhisperServerOptions & BuildOptions,
): Promise<string> {
  return (await findWhisperServer(options)) ?? (await buildWhisperServer(options));
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
    const features = [
      '-DGGML_NATIVE=ON',
      // Its matrix products take a fifth off the encoder's time where the processor has AVX-512.
      '-DGGML_LLAMAFILE=ON',
      // ggml's own threads wait actively between the hundreds of small steps of a token: a fifth less time for each.
      '-DGGML_OPENMP=OFF',
      // GCC before 13 takes the stores into the tile configuration for dead ones, and 8-bit models crash.
      ...(process.arch === 'x64' ? ['-DCMAKE_CXX_FLAGS=-fno-tree-dse -fno-dse'] : []),
      '-DGGML_CCACHE=OFF',
      '-DWHISPER_BUILD_TESTS=OFF',
    ];
    await run(cmake, [...configure, ...features], log, 'w');
    const jobs = String(os.availableParallelism());
    const compile = [
      '--build',
      work,
      '--config',
      'Release',
      '--target',
      'whisper-server',
      'whisper-quantize',
      '--parallel',
      jobs,
    ];
    await run(cmake, compile, log, 'a', options.onProgress);
    await mkdir(place.directory, { recursive: true });
    // The server last: where it is, the build is complete.
    for (const program of [quantiserName, executableName]) {
      await chmod(path.join(work, 'bin', program), 0o755);
      await rename(path.join(work, 'bin', program), path.join(place.directory, program));
    }
    await rm(work, { recursive: true, force: true });
    options.onProgress?.(1);
    return binary;
  });
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
