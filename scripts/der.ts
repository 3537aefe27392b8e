/** `npm run -s der -- REF HYP [--collar S] [--skip-overlap]`: how far one RTTM file is from another. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addTimes, compareTurns, type ErrorTimes, errorRate } from '../server/diarization/der.ts';
import { parseRttm } from '../server/diarization/rttm.ts';
import type { Turn } from '../shared/transcript.ts';

const program = new Command('der')
  .description('Diarization error rate of one RTTM file against another, under the best mapping of speakers.')
  .argument('<reference>', 'RTTM file with the truth')
  .argument('<hypothesis>', 'RTTM file to be scored')
  .option('--collar <seconds>', 'not scored on each side of every boundary of the reference', Number, 0)
  .option('--skip-overlap', 'leave out where several speakers of the reference speak at once', false);

try {
  program.parse();
  const [reference, hypothesis] = program.args.map(readRttm) as [Map<string, Turn[]>, Map<string, Turn[]>];
  const { collar, skipOverlap } = program.opts<{ collar: number; skipOverlap: boolean }>();
  if (!(collar >= 0)) throw new Error('The collar must be a number of seconds.');
  const rows = pair(reference, hypothesis).map(([file, spoken, found]) => ({
    file,
    times: compareTurns(spoken, found, { collar, skipOverlap }),
  }));
  const none: ErrorTimes = { total: 0, missed: 0, falseAlarm: 0, confusion: 0 };
  if (rows.length !== 1)
    rows.push({ file: 'all', times: rows.map(({ times }) => times).reduce(addTimes, none) });
  console.log(['file', 'error rate', 'missed', 'false alarm', 'confusion', 'speech'].join('\t'));
  for (const { file, times } of rows) {
    const seconds = [times.missed, times.falseAlarm, times.confusion, times.total].map(
      (time) => `${time.toFixed(3)} s`,
    );
    console.log([file, `${(100 * errorRate(times)).toFixed(3)} %`, ...seconds].join('\t'));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function readRttm(path: string): Map<string, Turn[]> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path} cannot be read.`, { cause });
  }
  try {
    return parseRttm(text);
  } catch (cause) {
    throw new Error(`${path}: ${(cause as Error).message}`, { cause });
  }
}

/** By the name of the recording; where each side has one recording only, whatever they are called. */
function pair(reference: Map<string, Turn[]>, hypothesis: Map<string, Turn[]>): [string, Turn[], Turn[]][] {
  if (reference.size <= 1 && hypothesis.size <= 1) {
    const [file, spoken] = [...reference][0] ??
      [...hypothesis.keys()].map((name) => [name, []] as const)[0] ?? ['', []];
    return [[file, spoken as Turn[], [...hypothesis.values()][0] ?? []]];
  }
  const files = new Set([...reference.keys(), ...hypothesis.keys()]);
  return [...files].map((file) => [file, reference.get(file) ?? [], hypothesis.get(file) ?? []]);
}
