/** Puts the engine together from what the machine has. */
import { stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Engine } from '../engine.ts';
import { findPocketsphinx, pocketsphinxDescription, pocketsphinxWorker } from '../stand-ins/pocketsphinx.ts';
import { createEnginePool, type PoolOptions } from './pool.ts';
import { quantisedModel } from './quantised-model.ts';
import { remoteWorker } from './remote.ts';
import { workerPlan } from './schedule.ts';
import { whisperProcess } from './whisper-process.ts';

export interface EngineOptions {
  /** Addresses that speak whisper-server's contract; they share the pool with processes of ours, if there are any. */
  whisperUrls?: readonly string[];
  /** A whisper-server to run. Needs `modelPath`. */
  whisperServerBin?: string;
  /** A ggml speech model. */
  modelPath?: string;
  /** Makes an 8-bit copy of the model, which is what the processes then load; see `quantised-model.ts`. */
  quantiser?: string;
  /** Take PocketSphinx where it is installed and there is nothing better. */
  pocketsphinx?: boolean;
  /** Where programs are looked for, as in PATH. */
  searchPath?: string;
  /** Processes, and threads of each. Default: from the cores and the model's size. */
  workers?: number;
  threads?: number;
  /** Encoder frames to spare, see `WhisperHttpOptions`. */
  audioContextMargin?: number;
  clock: Clock;
  deadlineMs?: PoolOptions['deadlineMs'];
  backoff?: PoolOptions['backoff'];
  /** Told of every failing of a worker: names, kinds and sentences, never what was heard. */
  logger?: { warn(fields: object, message: string): void };
}

/** Undefined where there is no engine at all: recording goes on, and text is owed. */
export async function createEngine(options: EngineOptions): Promise<Engine | undefined> {
  const { clock, deadlineMs, backoff, logger } = options;
  const onFault: PoolOptions['onFault'] = ({ worker, kind, message }) =>
    logger?.warn({ worker, kind }, message);
  const pool = { clock, deadlineMs, backoff, onFault };
  const remote = (options.whisperUrls ?? []).map((url) =>
    remoteWorker({ url, clock, audioContextMargin: options.audioContextMargin }),
  );
  const modelPath = await modelToLoad(options);
  const local = await localWorkers(options, modelPath);
  if (remote.length + local.length > 0) {
    const model = local.length > 0 ? modelName(modelPath ?? '') : 'of the remote server';
    const name = local.length > 0 ? 'whisper.cpp' : 'whisper-server';
    return createEnginePool({ ...pool, workers: [...remote, ...local], description: { name, model } });
  }
  if (!options.pocketsphinx) return undefined;
  const modelDirectory = await findPocketsphinx(options.searchPath ?? '');
  if (modelDirectory === undefined) return undefined;
  // Each takes one core; one core is left to the rest of the server.
  const count = options.workers ?? Math.max(1, Math.min(4, os.availableParallelism() - 1));
  const workers = Array.from({ length: count }, (_, index) => pocketsphinxWorker({ modelDirectory, index }));
  return createEnginePool({ ...pool, workers, description: pocketsphinxDescription });
}

async function modelToLoad({ modelPath, quantiser }: EngineOptions): Promise<string | undefined> {
  return modelPath === undefined || quantiser === undefined
    ? modelPath
    : quantisedModel(modelPath, quantiser);
}

async function localWorkers(options: EngineOptions, modelPath: string | undefined) {
  const { whisperServerBin: binary, clock, audioContextMargin } = options;
  if (binary === undefined || modelPath === undefined) return [];
  // A missing file is told by the workers themselves, again and again until it is there.
  const bytes = await stat(modelPath).then(
    (file) => file.size,
    () => 0,
  );
  const plan = workerPlan({ cores: os.availableParallelism(), memoryBytes: os.totalmem() }, bytes);
  const count = options.workers ?? plan.workers;
  const threads = options.threads ?? Math.max(1, Math.floor(os.availableParallelism() / count));
  return Array.from({ length: count }, (_, index) =>
    whisperProcess({ binary, modelPath, threads, clock, audioContextMargin, index }),
  );
}

/** `ggml-base-q5_1.bin` → `base-q5_1`. */
function modelName(file: string): string {
  return path.basename(file, '.bin').replace(/^ggml-/, '');
}
