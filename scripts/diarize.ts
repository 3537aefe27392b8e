/**
 * `npm run -s diarize -- FILE [--rttm]`: who speaks when in an audio file, by whatever networks this machine has.
 * `npm run -s diarize -- --golden DIR [--plda DIR]`: the same from recorded answers of the networks, as RTTM.
 */
import { basename, extname, resolve } from 'node:path';
import { Command } from 'commander';
import { readGoldenWindows } from '../fixtures/golden.ts';
import { readConfig } from '../server/config.ts';
import type { Diarization } from '../server/diarization/diarizer.ts';
import { conclude } from '../server/diarization/pipeline.ts';
import type { Plda } from '../server/diarization/plda.ts';
import { loadPlda } from '../server/diarization/plda-files.ts';
import { formatRttm } from '../server/diarization/rttm.ts';
import { runOnFile } from './diarize/run-on-file.ts';

interface Options {
  golden?: string;
  plda?: string;
  rttm?: boolean;
  speakers?: number;
}

const program = new Command('diarize')
  .description('Tells speakers apart.')
  .argument('[file]', 'an audio file')
  .option('--rttm', 'print RTTM')
  .option('--speakers <number>', 'how many there are', Number)
  .option('--golden <directory>', 'start from segmentations.npz and raw_embeddings.npz recorded there')
  .option('--plda <directory>', 'where xvec_transform.npz and plda.npz are');

try {
  program.parse();
  const options = program.opts<Options>();
  const [file] = program.args;
  if ((file === undefined) === (options.golden === undefined))
    throw new Error('Give a file, or --golden and a directory.');
  if (file !== undefined) await diarizeFile(file, options);
  else await diarizeGolden(options.golden!, options);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function diarizeFile(file: string, { rttm, speakers }: Options): Promise<void> {
  const config = readConfig();
  const found = await runOnFile(file, {
    modelsDirectory: config.AUSCULT_MODELS,
    standIn: config.AUSCULT_STAND_IN,
    phantomSeconds: config.AUSCULT_PHANTOM_SPEECH,
    ffmpeg: config.FFMPEG,
    terminal: process.stderr,
    ...(speakers === undefined ? {} : { numSpeakers: speakers }),
  });
  if (found.method === 'stand-in') console.error('By stand-ins, unfit for clinical use.');
  print(basename(file, extname(file)), found, rttm === true);
}

async function diarizeGolden(golden: string, { plda: pldaDirectory }: Options): Promise<void> {
  const windows = readGoldenWindows(golden);
  const plda = await findPlda(golden, pldaDirectory);
  const found = conclude(windows, { duration: Number.POSITIVE_INFINITY }, { plda });
  print(basename(resolve(golden)), found, true);
}

function print(name: string, { turns, warnings }: Diarization, rttm: boolean): void {
  for (const { message } of warnings) console.error(message);
  const lines = turns.map(
    ({ speaker, start, end }) => `${start.toFixed(2)}\t${end.toFixed(2)}\t${speaker}\n`,
  );
  process.stdout.write(rttm ? formatRttm(name, turns) : lines.join(''));
}

/** From the directory given; else from the models; else from beside the recordings, where the weights they used lie. */
async function findPlda(golden: string, given: string | undefined): Promise<Plda | undefined> {
  if (given !== undefined) {
    const plda = await loadPlda(given);
    if (plda === undefined) throw new Error(`${given} holds no PLDA.`);
    return plda;
  }
  return (await loadPlda(readConfig().AUSCULT_MODELS)) ?? (await loadPlda(resolve(golden, '../../plda')));
}
