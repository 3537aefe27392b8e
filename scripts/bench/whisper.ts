/** A whisper-server of the machine and full-size stand-in models: they cost what the real ones cost. */
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheDirectory } from '../../fixtures/engines/cache-directory.ts';
import { type StandInSize, standInModel } from '../../fixtures/whisper-model/stand-in-model.ts';
import { findWhisperServer } from '../../server/speech/engines/find-whisper-server.ts';
import { BenchSkipped } from './bench.ts';

export async function whisperBinary(): Promise<string> {
  const bin = process.env.WHISPER_SERVER_BIN;
  const found = await findWhisperServer({
    ...(bin ? { bin } : {}),
    searchPath: process.env.PATH,
    cacheDirectory,
  });
  if (found === undefined) throw new BenchSkipped('whisper-server is not built yet: `npm start` does it');
  return found;
}

/** Settings that make a server run that binary on a stand-in model of that size. */
export async function whisperEnvironment(size: StandInSize): Promise<Record<string, string>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'auscult-bench-models-'));
  await mkdir(directory, { recursive: true });
  await symlink(await standInModel(size, cacheDirectory), path.join(directory, `ggml-${size}.bin`));
  return {
    WHISPER_SERVER_BIN: await whisperBinary(),
    AUSCULT_WHISPER_MODEL: size,
    AUSCULT_MODELS: directory,
  };
}
