/** Speech to measure with: a real recording where the shared data folder is, otherwise synthetic voices. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { fromBytes } from '../../server/audio/pcm.ts';
import { BenchSkipped } from './bench.ts';

const run = promisify(execFile);
const shared = resolve('../shared/audio');

export const sharedAudio = (name: string): string | undefined => {
  const file = resolve(shared, name);
  return existsSync(file) ? file : undefined;
};

/** Any file that ffmpeg reads, as 16 kHz mono. */
export async function readAudio(file: string): Promise<Int16Array> {
  const options = { encoding: 'buffer', maxBuffer: 1 << 30 } as const;
  const output = ['-f', 's16le', '-ac', '1', '-ar', '16000', '-'];
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, ...output], options).catch(() => {
    throw new BenchSkipped('ffmpeg is needed to read recordings');
  });
  return fromBytes(stdout);
}

/** Eleven seconds of a real voice. */
export async function speech(): Promise<Int16Array> {
  const file = sharedAudio('jfk.wav');
  if (file === undefined) throw new BenchSkipped(`${shared}/jfk.wav is absent`);
  return readAudio(file);
}
