/**
 * One `pocketsphinx_batch` keeps its model loaded and is fed through a pipe: for every line of its control file, which
 * is its standard input, it reads one file of samples and prints one line per word (CTM: seconds and a probability).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export const PROGRAM = 'pocketsphinx_batch';

/** Times are seconds from the start of the audio. */
export interface HeardWord {
  text: string;
  start: number;
  end: number;
  probability: number;
}

export async function firstExisting(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists) return file;
  }
  return undefined;
}

export interface Recogniser {
  recognise(audio: Int16Array, signal: AbortSignal): Promise<HeardWord[]>;
  /** Resolves when it is stopped, or has died and was not started again. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** `search`: the options of the search, as on the command line. */
export async function startRecogniser(modelDirectory: string, search: string): Promise<Recogniser> {
  // Samples touch no disk where the system has a directory in memory; each file is gone as soon as it was heard.
  const shared = await firstExisting(['/dev/shm']);
  const directory = await mkdtemp(path.join(shared ?? os.tmpdir(), 'auscult-'));
  let child = spawnBatch(modelDirectory, directory, search);
  let stopped = false;
  let turn: Promise<unknown> = Promise.resolve();
  let count = 0;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  const recogniseNext = async (audio: Int16Array, signal: AbortSignal) => {
    signal.throwIfAborted();
    if (stopped) throw new Error('stopped');
    count += 1;
    const id = `u${count}`;
    const file = path.join(directory, `${id}.raw`);
    await writeFile(file, new Uint8Array(audio.buffer, audio.byteOffset, audio.byteLength), { mode: 0o600 });
    try {
      return await child.hear(id, signal);
    } catch (error) {
      // It cannot be told to stop in the middle: whoever breaks a request off pays with half a second of loading.
      child.kill();
      if (signal.aborted && !stopped) child = spawnBatch(modelDirectory, directory, search);
      else end();
      throw error;
    } finally {
      await rm(file, { force: true });
    }
  };

  return {
    ended,
    recognise(audio, signal) {
      const result = turn.then(() => recogniseNext(audio, signal));
      turn = result.catch(() => {});
      return result;
    },
    async stop() {
      stopped = true;
      child.kill();
      await turn;
      await rm(directory, { recursive: true, force: true });
      end();
    },
  };
}

function spawnBatch(modelDirectory: string, directory: string, search: string) {
  const model = path.join(modelDirectory, 'en-us');
  const language = ['-lm', `${modelDirectory}/en-us.lm.bin`, '-dict', `${modelDirectory}/cmudict-en-us.dict`];
  const input = [
    '-adcin',
    'yes',
    '-cepdir',
    directory,
    '-cepext',
    '.raw',
    '-ctl',
    '/dev/stdin',
    '-ctm',
    '/dev/stdout',
  ];
  // Node's own pipes are sockets, which cannot be opened by a path: `cat` stands between. When this process ends,
  // the first `cat` ends, and the others after it.
  const script = 'cat | "$@" 2>&1 | cat';
  const args = [PROGRAM, '-hmm', model, ...language, ...input, ...search.split(' ')];
  // A process group of its own, so that all three are killed together.
  const child = spawn('sh', ['-c', script, 'sh', ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  const gone = new Promise<never>((_, reject) => child.once('close', () => reject(new Error('ended'))));
  gone.catch(() => {});
  child.once('error', () => {});
  return {
    kill: () => killGroup(child),
    async hear(id: string, signal: AbortSignal): Promise<HeardWord[]> {
      let release = () => {};
      const heard = new Promise<HeardWord[]>((resolve, reject) => {
        const words: HeardWord[] = [];
        const onLine = (line: string) => {
          if (line.startsWith(`${id} done`)) resolve(words);
          const word = line.startsWith(`${id} 1 `) ? parseWord(line) : undefined;
          if (word) words.push(word);
        };
        const onAbort = () => reject(signal.reason);
        lines.on('line', onLine);
        signal.addEventListener('abort', onAbort);
        release = () => {
          lines.off('line', onLine);
          signal.removeEventListener('abort', onAbort);
        };
      });
      child.stdin.write(`${id}\n`);
      return Promise.race([heard, gone]).finally(release);
    },
  };
}

/** `u7 1 2.59 0.54 and(2) 0.924`: utterance, channel, start, duration, word with its variant, probability. */
function parseWord(line: string): HeardWord | undefined {
  const [, , start, duration, text = '', probability] = line.split(' ');
  const spelling = text.replace(/\(\d+\)$/, '');
  // Silences and noises have names in brackets.
  if (!/^[\p{L}\p{N}']/u.test(spelling)) return undefined;
  const begin = Number(start);
  return {
    text: spelling,
    start: begin,
    end: begin + Number(duration),
    probability: Math.min(1, Math.max(0, Number(probability))),
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has gone meanwhile.
  }
}
