import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { GOLDEN_CLIPS, GOLDEN_PLDA, goldenMissing } from '../fixtures/golden.ts';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function run(name: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import=tsx', script(name), ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

t.test(
  'diarize prints RTTM alone, and der finds no difference to the original',
  { skip: goldenMissing },
  async (t) => {
    const { directory } = GOLDEN_CLIPS.find(({ name }) => name === 'three-speaker')!;
    const folder = t.testdir({ clip: {} });
    for (const file of ['segmentations.npz', 'raw_embeddings.npz'])
      copyFileSync(join(directory, file), join(folder, 'clip', file));
    const result = await run('diarize.ts', '--golden', join(folder, 'clip'), '--plda', GOLDEN_PLDA);
    t.equal(result.code, 0);
    t.ok(result.stdout.split('\n').every((line) => line === '' || line.startsWith('SPEAKER clip 1 ')));
    const found = join(folder, 'found.rttm');
    writeFileSync(found, result.stdout);
    const scored = await run('der.ts', join(directory, 'reference.rttm'), found);
    t.match(scored.stdout, /\t0\.000 %\t/);
  },
);

t.test('the PLDA beside the recordings is used where none is given', { skip: goldenMissing }, async (t) => {
  const result = await run('diarize.ts', '--golden', GOLDEN_CLIPS[2]!.directory);
  t.match(result, { code: 0, stderr: '' });
});

t.test('a missing file is named in one sentence', async (t) => {
  const folder = t.testdir({ 'segmentations.npz': 'no zip' });
  const corrupt = await run('diarize.ts', '--golden', folder);
  t.match(corrupt, {
    code: 1,
    stdout: '',
    stderr: `${join(folder, 'segmentations.npz')} is not a file of numpy arrays.\n`,
  });
  const missing = await run('diarize.ts', '--golden', join(folder, 'nowhere'));
  t.match(missing, {
    code: 1,
    stdout: '',
    stderr: `${join(folder, 'nowhere', 'segmentations.npz')} is missing.\n`,
  });
});

t.test('der takes a collar and leaves overlap out', async (t) => {
  const line = (start: number, duration: number, speaker: string) =>
    `SPEAKER f 1 ${start} ${duration} <NA> <NA> ${speaker} <NA> <NA>\n`;
  const folder = t.testdir({ ref: line(0, 10, 'A') + line(6, 4, 'B'), hyp: line(0.2, 9.8, 'x') });
  const [ref, hyp] = [join(folder, 'ref'), join(folder, 'hyp')];
  t.match((await run('der.ts', ref, hyp)).stdout, 'f\t30.000 %\t4.200 s\t0.000 s\t0.000 s\t14.000 s');
  t.match((await run('der.ts', ref, hyp, '--collar', '0.25', '--skip-overlap')).stdout, 'f\t0.000 %\t');
  t.match(await run('der.ts', ref, join(folder, 'none')), { code: 1, stderr: /none cannot be read\.\n$/ });
});
