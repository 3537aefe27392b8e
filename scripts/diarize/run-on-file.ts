/** Who speaks when in an audio file, by whatever networks this machine has. */
import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { concatBytes, fromBytes } from '../../server/audio/pcm.ts';
import { createDiarizer, type DiarizerOptions } from '../../server/diarization/create-diarizer.ts';
import {
  concludeAll,
  type Diarization,
  WINDOW,
  type WindowAnalysis,
} from '../../server/diarization/diarizer.ts';
import { countWindows } from '../../server/diarization/window-work.ts';

export interface RunOnFileOptions extends Omit<DiarizerOptions, 'log'> {
  readonly ffmpeg: string;
  readonly numSpeakers?: number;
  /** Takes the progress bar and what else there is to say. */
  readonly terminal: NodeJS.WritableStream;
}

const SAMPLE_RATE = 16_000;
/** Windows under way at once: one batch in the networks and one on its way. */
const AHEAD = 16;

/** @throws Error in one sentence where the file cannot be read or no networks can be run. */
export async function runOnFile(file: string, options: RunOnFileOptions): Promise<Diarization> {
  const { ffmpeg, numSpeakers, terminal } = options;
  const audio = await decode(ffmpeg, file);
  const duration = audio.length / SAMPLE_RATE;
  const say = ({ reason }: { reason?: string }, message: string) => terminal.write(`${reason ?? message}\n`);
  const diarizer = await createDiarizer({ ...options, log: { warn: say, error: say } });
  if (diarizer === undefined) throw new Error('There are no diarization networks on this machine.');
  const bar = new SingleBar({
    stream: terminal,
    format: `{bar} {value}/{total} windows, {eta_formatted} left (${diarizer.method})`,
    // Where there is no terminal, a line now and then.
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  try {
    const total = countWindows(duration);
    const windows: WindowAnalysis[] = new Array(total);
    bar.start(total, 0);
    let next = 0;
    const work = async () => {
      for (let index = next++; index < total; index = next++) {
        const start = index * WINDOW.step * SAMPLE_RATE;
        const window = audio.slice(start, start + WINDOW.duration * SAMPLE_RATE);
        windows[index] = await diarizer.analyseWindow(index, window);
        bar.increment();
      }
    };
    await Promise.all(Array.from({ length: AHEAD }, work));
    return await concludeAll(diarizer, windows, {
      duration,
      ...(numSpeakers === undefined ? {} : { numSpeakers }),
    });
  } finally {
    bar.stop();
    await diarizer.close();
  }
}

/** 16 kHz mono. */
async function decode(ffmpeg: string, file: string): Promise<Int16Array> {
  await access(file).catch(() => {
    throw new Error(`${file} cannot be read.`);
  });
  const format = ['-f', 's16le', '-ac', '1', '-ar', String(SAMPLE_RATE)];
  const child = spawn(ffmpeg, ['-nostdin', '-v', 'error', '-i', file, '-vn', ...format, '-'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', () => reject(new Error(`${ffmpeg} cannot be run; it is needed to read audio files.`)));
    child.on('close', resolve);
  });
  const parts: Uint8Array[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  if ((await ended) !== 0) throw new Error(`${file} is not audio that ffmpeg can read.`);
  return fromBytes(concatBytes(...parts));
}
