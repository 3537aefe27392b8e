/** Picks the networks that this machine has and runs them in a process of their own. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Diarizer } from './diarizer.ts';
import { EMBEDDING_FILE, SEGMENTATION_FILE } from './load-networks.ts';
import { createGatherer } from './process/gathering.ts';
import { startNetworkProcess } from './process/supervisor.ts';

export interface DiarizerOptions {
  /** Where the ONNX files and the PLDA are, if they are there. */
  readonly modelsDirectory: string;
  /** Whether to make do without the networks, where they are missing or do not load. */
  readonly standIn: boolean;
  /** A speaker heard for less is absorbed into the most similar one; 0 absorbs none. */
  readonly phantomSeconds: number;
  readonly log: {
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/** Live transcription comes first: the networks leave it half of the cores, and gain little from more than four. */
const MOST_THREADS = 4;

/** Undefined where there are no networks and stand-ins are not wanted; `log` says what was wrong with those there are. */
export async function createDiarizer(options: DiarizerOptions): Promise<Diarizer | undefined> {
  const { modelsDirectory, standIn, phantomSeconds, log } = options;
  const threads = Math.max(1, Math.min(MOST_THREADS, Math.floor(availableParallelism() / 2)));
  const start = (directory: string | undefined) =>
    startDiarizer({ modelsDirectory: directory, threads, phantomSeconds }, log);

  const present = [SEGMENTATION_FILE, EMBEDDING_FILE].every((file) =>
    existsSync(join(modelsDirectory, file)),
  );
  if (present) {
    try {
      return await start(modelsDirectory);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ reason }, 'the diarization networks do not load');
    }
  }
  return standIn ? await start(undefined) : undefined;
}

async function startDiarizer(
  networks: Parameters<typeof startNetworkProcess>[0]['networks'],
  log: DiarizerOptions['log'],
): Promise<Diarizer> {
  const process = await startNetworkProcess({
    networks,
    onDeath: (code, signal) => log.warn({ code, signal }, 'the process of the diarization networks ended'),
  });
  return {
    ...process.loaded,
    analyseWindow: (index, audio) => process.request({ method: 'analyse', index, audio }),
    gather: createGatherer(process, (error) =>
      log.warn({ err: error }, 'windows could not be gathered ahead'),
    ),
    close: process.close,
  };
}
