/** `npm run -s diarize -- --golden DIR [--plda DIR]`: who speaks when, as RTTM on standard output. */
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { readGoldenWindows } from '../fixtures/golden.ts';
import { readConfig } from '../server/config.ts';
import { conclude } from '../server/diarization/pipeline.ts';
import type { Plda } from '../server/diarization/plda.ts';
import { loadPlda } from '../server/diarization/plda-files.ts';
import { formatRttm } from '../server/diarization/rttm.ts';

interface Options {
  golden?: string;
  plda?: string;
}

const program = new Command('diarize')
  .description('Tells speakers apart and prints RTTM.')
  .option('--golden <directory>', 'start from segmentations.npz and raw_embeddings.npz recorded there')
  .option('--plda <directory>', 'where xvec_transform.npz and plda.npz are');

try {
  program.parse();
  const { golden, plda: pldaDirectory } = program.opts<Options>();
  if (golden === undefined) throw new Error('Give --golden and a directory.');
  const windows = readGoldenWindows(golden);
  const plda = await findPlda(golden, pldaDirectory);
  const result = conclude(windows, { duration: Number.POSITIVE_INFINITY }, { plda });
  for (const { message } of result.warnings) console.error(message);
  process.stdout.write(formatRttm(basename(resolve(golden)), result.turns));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** From the directory given; else from the models; else from beside the recordings, where the weights they used lie. */
async function findPlda(golden: string, given: string | undefined): Promise<Plda | undefined> {
  if (given !== undefined) {
    const plda = await loadPlda(given);
    if (plda === undefined) throw new Error(`${given} holds no PLDA.`);
    return plda;
  }
  return (
    (await loadPlda(join(readConfig().AUSCULT_MODELS, 'plda'))) ??
    (await loadPlda(resolve(golden, '../../plda')))
  );
}
