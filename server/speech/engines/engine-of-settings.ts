/** The engine that the settings and the machine give, for the server and for the tools beside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config.ts';
import type { Engine } from '../engine.ts';
import { createEngine, type EngineOptions } from './create-engine.ts';
import { findWhisperServer } from './find-whisper-server.ts';
import { findQuantiser } from './quantised-model.ts';

export interface EngineChoice {
  clock: Clock;
  logger: NonNullable<EngineOptions['logger']>;
  /** Processes of ours with this model and nothing else, whatever the settings say. */
  model?: Config['AUSCULT_WHISPER_MODEL'];
}

/** The whisper-server that the settings lead to, and the quantiser that was built with it. */
export async function findWhisperPrograms(
  config: Config,
): Promise<Pick<EngineOptions, 'whisperServerBin' | 'quantiser'>> {
  const whisperServerBin = await findWhisperServer({
    bin: config.WHISPER_SERVER_BIN,
    searchPath: config.searchPath,
    cacheDirectory: config.AUSCULT_CACHE,
  });
  return { whisperServerBin, quantiser: await findQuantiser(whisperServerBin, config.AUSCULT_CACHE) };
}

/** Undefined where there is none. */
export async function engineOfSettings(
  config: Config,
  { clock, logger, model }: EngineChoice,
): Promise<Engine | undefined> {
  const modelPath = join(config.AUSCULT_MODELS, `ggml-${model ?? config.AUSCULT_WHISPER_MODEL}.bin`);
  return createEngine({
    clock,
    logger,
    whisperUrls: model === undefined ? config.WHISPER_URL : [],
    ...(existsSync(modelPath) ? { modelPath } : {}),
    ...(await findWhisperPrograms(config)),
    searchPath: config.searchPath,
    pocketsphinx: model === undefined && config.AUSCULT_STAND_IN,
    workers: config.AUSCULT_WORKERS,
  });
}
