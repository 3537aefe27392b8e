/** The recogniser: an address, a binary, one built here, or the stand-in; in that order. */
import type { Config } from '../../server/config.ts';
import { createProgress } from './progress.ts';
import type { Say, StepResult } from './report.ts';
import { ensureSystemPackages, type Installer, systemPackages } from './system-packages.ts';

const name = 'Engine';

export interface WhisperServers {
  find(options: { bin?: string; searchPath?: string; cacheDirectory: string }): Promise<string | undefined>;
  build(options: { cacheDirectory: string; onProgress?: (ratio: number) => void }): Promise<string>;
}

export interface EnsureEngineOptions {
  readonly config: Pick<Config, 'WHISPER_URL' | 'WHISPER_SERVER_BIN' | 'AUSCULT_CACHE' | 'AUSCULT_STAND_IN'>;
  readonly searchPath: string;
  readonly servers: WhisperServers;
  /** Without a model a binary of ours has nothing to run, so nobody is made to wait for its compilation. */
  readonly hasModel: boolean;
  readonly say: Say;
  readonly installer?: Installer;
}

export async function ensureEngine(options: EnsureEngineOptions): Promise<StepResult> {
  const { config, say, hasModel } = options;
  if (config.WHISPER_URL.length > 0) {
    return { name, state: 'ready', what: `${config.WHISPER_URL.join(', ')} (WHISPER_URL).` };
  }
  if (hasModel) return ensureWhisperServer(options);
  if (!config.AUSCULT_STAND_IN) return recordingOnly('There is no speech model');
  const { pocketsphinx, pocketsphinxModel } = systemPackages;
  const standIn = ensureSystemPackages([pocketsphinx, pocketsphinxModel], say, options.installer);
  if (standIn.state !== 'ready') return recordingOnly('There is neither a speech model nor PocketSphinx');
  return {
    name,
    state: 'missing',
    what: 'PocketSphinx stands in: English only, inaccurate, unfit for clinical use.',
    remedy: 'Bring the speech model here (see Models above) or set WHISPER_URL, then run the command again.',
  };
}

const recordingOnly = (why: string): StepResult => ({
  name,
  state: 'missing',
  what: `${why}: consultations are recorded and their text is owed until there is an engine.`,
  remedy: 'Bring the speech model here (see Models above) or set WHISPER_URL, then run the command again.',
});

/** A `whisper-server` that can be run, built where none is found. @throws what `build` throws. */
export async function ensureWhisperServer({
  config,
  searchPath,
  servers,
  say,
  installer,
}: Omit<EnsureEngineOptions, 'hasModel'>): Promise<StepResult> {
  const cacheDirectory = config.AUSCULT_CACHE;
  const bin = config.WHISPER_SERVER_BIN;
  const found = await servers.find({ cacheDirectory, searchPath, ...(bin === undefined ? {} : { bin }) });
  if (found !== undefined) return { name, state: 'ready', what: `${found}.` };
  const { cmake, compiler, make } = systemPackages;
  const tools = ensureSystemPackages([cmake, compiler, make], say, installer);
  if (tools.state !== 'ready') return { ...tools, name };
  say('Compiling whisper-server for this machine, once: a minute or two.');
  const progress = createProgress('whisper-server', process.stderr, 'percent');
  try {
    const built = await servers.build({
      cacheDirectory,
      onProgress: (ratio) => progress.update(Math.round(ratio * 100), 100),
    });
    return { name, state: 'ready', what: `${built} was built.` };
  } finally {
    progress.stop();
  }
}
