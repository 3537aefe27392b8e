/** `npm run -s diarize -- --golden DIR [--plda DIR]`: who speaks when, as RTTM on standard output. */
import { basename, resolve } from 'node:path';
import { Command } from 'commander';
import { readGoldenWindows } from '../fixtures/golden.ts';
import { conclude } from '../server/diarization/pipeline.ts';
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
  const plda = pldaDirectory === undefined ? undefined : await loadPlda(pldaDirectory);
  if (pldaDirectory !== undefined && plda === undefined) throw new Error(`${pldaDirectory} holds no PLDA.`);
  const result = conclude(windows, { duration: Number.POSITIVE_INFINITY }, { plda });
  for (const { message } of result.warnings) console.error(message);
  process.stdout.write(formatRttm(basename(resolve(golden)), result.turns));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
