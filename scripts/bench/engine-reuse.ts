/**
 * The same 3 s slices through our pool, whose whisper-server keeps the model loaded, and through whisper-node, which
 * starts a process and loads the model for each call with the whisper.cpp of its own package. One after the other in
 * each round, so that whatever else the machine does falls on both.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDirectory } from '../../fixtures/engines/cache-directory.ts';
import { reached } from '../../fixtures/engines/state.ts';
import { standInModel } from '../../fixtures/whisper-model/stand-in-model.ts';
import { systemClock } from '../../server/clock.ts';
import { createEngine } from '../../server/speech/engines/create-engine.ts';
import { findQuantiser } from '../../server/speech/engines/quantised-model.ts';
import { encodeWav } from '../../server/speech/engines/wav.ts';
import { type Bench, BenchSkipped } from './bench.ts';
import { cut } from './slices.ts';
import { speech } from './speech.ts';
import { median, rounded } from './statistics.ts';
import { whisperBinary } from './whisper.ts';

const run = promisify(execFile);
const peer = fileURLToPath(new URL('whisper-node-peer.mjs', import.meta.url));
const ROUNDS = 3;

export const engineReuse: Bench = {
  name: 'engine-reuse',
  about:
    'time of 3 s slices through whisper-node to that through the pool, same base-size model (ratio >= 10)',
  limit: 900,
  async run(say) {
    const slices = [...cut(await speech())].slice(0, 3);
    const modelPath = await standInModel('base', cacheDirectory);
    const whisperServerBin = await whisperBinary();
    const directory = await mkdtemp(path.join(tmpdir(), 'auscult-bench-'));
    const quantiser = await findQuantiser(whisperServerBin, cacheDirectory);
    const engine = await createEngine({
      ...{ clock: systemClock, whisperServerBin, modelPath, quantiser },
      workers: 1,
    });
    if (engine === undefined) throw new BenchSkipped('no engine');
    try {
      const files = await Promise.all(
        slices.map(async (audio, index) => {
          const file = path.join(directory, `${index}.wav`);
          await writeFile(file, encodeWav(audio));
          return file;
        }),
      );
      say('whisper-node compiles its sources when it is loaded for the first time');
      await throughWhisperNode(modelPath, files.slice(0, 1));
      await reached(engine, 'ready');
      const pool: number[] = [];
      const whisperNode: number[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        for (const audio of slices) {
          const begun = performance.now();
          await engine.transcribe({ audio, language: 'en', priority: 'live' });
          pool.push(performance.now() - begun);
        }
        whisperNode.push(...(await throughWhisperNode(modelPath, files)));
        say(
          `round ${round}: pool ${rounded(median(pool), 0)} ms, whisper-node ${rounded(median(whisperNode), 0)} ms`,
        );
      }
      return {
        ratio: rounded(Number(median(whisperNode)) / Number(median(pool)), 1),
        pool_ms: rounded(median(pool), 0),
        whisper_node_ms: rounded(median(whisperNode), 0),
        slices: pool.length,
      };
    } finally {
      await engine.close();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** Milliseconds of each call. */
async function throughWhisperNode(modelPath: string, files: string[]): Promise<number[]> {
  const { stdout } = await run(process.execPath, [peer, modelPath, ...files]).catch((error) => {
    throw new BenchSkipped(`whisper-node does not run here: ${String(error.stderr ?? error).slice(0, 300)}`);
  });
  return (
    stdout
      .trim()
      .split('\n')
      // The package's own words, which it writes past `console` where it compiles, are no figures.
      .filter((line) => line.startsWith('{'))
      .map((line) => (JSON.parse(line) as { ms: number }).ms)
  );
}
