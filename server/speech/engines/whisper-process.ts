/** A whisper-server process of ours: the model is loaded once, when it starts (rule S1). */
import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Clock } from '../../clock.ts';
import { freePort, type GuardedChild, spawnGuarded } from './child.ts';
import { loadedShare } from './loaded-share.ts';
import { GGML_MAGIC } from './quantised-model.ts';
import { createWhisperClient, type WhisperClient } from './whisper-http.ts';
import { type EngineWorker, type WorkerFactory, WorkerFault } from './worker.ts';

const HEALTH_POLL_MS = 50;
const KEPT_LINES = 50;

export interface WhisperProcessOptions {
  binary: string;
  modelPath: string;
  threads: number;
  clock: Clock;
  /** How long loading the model may take. Default two minutes. */
  startDeadlineMs?: number;
  audioContextMargin?: number;
  /** Numbers the workers of a pool, for their names. */
  index?: number;
}

export function whisperProcess(options: WhisperProcessOptions): WorkerFactory {
  return {
    name: `whisper-server ${options.index ?? 0}`,
    async start(signal, onLoaded) {
      const modelBytes = await checkFiles(options);
      const port = await freePort();
      signal.throwIfAborted();
      const child = spawnGuarded(options.binary, argumentsFor(options, port), ['ignore', 'ignore', 'pipe']);
      const complaints = keepStartLines(child);
      const url = `http://127.0.0.1:${port}`;
      const client = createWhisperClient({ url, audioContextMargin: options.audioContextMargin });
      const problem = await waitUntilReady(client, child, options, signal, async () => {
        const share = await loadedShare(child.process.pid, modelBytes);
        if (share !== undefined) onLoaded(share);
      });
      if (problem !== undefined) {
        await Promise.all([child.kill(), client.close()]);
        signal.throwIfAborted();
        throw new WorkerFault('start', sentenceFor(problem, complaints.lines(), options));
      }
      complaints.stop();
      return workerOf(child, client);
    },
  };
}

function argumentsFor(options: WhisperProcessOptions, port: number): string[] {
  const where = ['--host', '127.0.0.1', '--port', String(port), '--public', '/nonexistent'];
  // Flash attention saves memory; without it a token takes a fifth to two fifths less time on a processor.
  const how = ['--threads', String(options.threads), '--no-flash-attn'];
  return ['--model', options.modelPath, ...how, ...where];
}

function workerOf(child: GuardedChild, client: WhisperClient): EngineWorker {
  return {
    transcribe: client.transcribe,
    ended: child.ended.then(() => client.close()),
    stop: () => child.kill(),
  };
}

/** How many bytes the model has. @throws WorkerFault */
async function checkFiles({ binary, modelPath }: WhisperProcessOptions): Promise<number> {
  await access(binary, constants.X_OK).catch(() => {
    throw new WorkerFault('start', `There is no whisper-server to run at ${binary}.`);
  });
  const file = await open(modelPath).catch(() => {
    throw new WorkerFault('start', `There is no speech model at ${modelPath}.`);
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead < 4 || buffer.readUInt32LE(0) !== GGML_MAGIC) {
      throw new WorkerFault('start', `The file ${modelPath} is not a ggml speech model.`);
    }
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/**
 * The process's last lines while it starts. Those that come later are thrown away unread, and so is everything it
 * prints on standard output: it may hold what was heard (rule C4).
 */
function keepStartLines(child: GuardedChild) {
  const stream = child.process.stderr;
  if (stream === null) return { lines: () => [], stop() {} };
  const kept: string[] = [];
  const reader = createInterface({ input: stream });
  reader.on('line', (line) => {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  });
  return {
    lines: () => kept,
    stop() {
      reader.close();
      kept.length = 0;
      stream.resume();
    },
  };
}

/** Undefined when its model is loaded, otherwise what went wrong. */
async function waitUntilReady(
  client: WhisperClient,
  child: GuardedChild,
  { clock, startDeadlineMs = 120_000 }: WhisperProcessOptions,
  signal: AbortSignal,
  onLoading: () => Promise<void>,
): Promise<string | undefined> {
  const giveUp = new AbortController();
  let problem: string | undefined;
  const stop = (why: string) => {
    problem ??= why;
    giveUp.abort();
  };
  void child.ended.then(stop);
  const cancelDeadline = clock.after(startDeadlineMs, () => stop('late'));
  const onAbort = () => stop('stopped');
  signal.addEventListener('abort', onAbort);
  try {
    while (problem === undefined) {
      if (await client.healthy(giveUp.signal)) return undefined;
      await onLoading();
      await new Promise<void>((resolve) => {
        // A model that loads for long is asked about hundreds of times.
        const goOn = () => {
          giveUp.signal.removeEventListener('abort', goOn);
          resolve();
        };
        clock.after(HEALTH_POLL_MS, goOn);
        giveUp.signal.addEventListener('abort', goOn);
      });
    }
    return problem;
  } finally {
    cancelDeadline();
    signal.removeEventListener('abort', onAbort);
  }
}

function sentenceFor(
  problem: string,
  lines: readonly string[],
  { modelPath }: WhisperProcessOptions,
): string {
  const said = lines.join('\n');
  if (/not all tensors loaded|failed to load model|wrong (?:size|shape)|bad magic|invalid model/.test(said)) {
    return `The speech model ${modelPath} is truncated or of another format; delete it to have it fetched again.`;
  }
  if (problem === 'late') return 'whisper-server did not finish loading its model in time.';
  return `whisper-server ended while it was starting (${problem}).`;
}
