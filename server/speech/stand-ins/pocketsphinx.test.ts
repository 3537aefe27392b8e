import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { findPocketsphinx, pocketsphinxWorker } from './pocketsphinx.ts';

const modelDirectory = await findPocketsphinx(process.env.PATH ?? '');
const skip = modelDirectory === undefined && 'PocketSphinx is not installed';

/** The processes of this test whose command line holds `argument`. */
function processesWith(argument: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        return words[0]?.endsWith('pocketsphinx_batch') && words.includes(argument);
      } catch {
        return false;
      }
    })
    .map(Number);
}

t.test('[S5] a thorough recogniser that has died is replaced for the next request', { skip }, async (t) => {
  const worker = await pocketsphinxWorker({ modelDirectory: modelDirectory! }).start(
    new AbortController().signal,
    () => {},
  );
  t.teardown(worker.stop);
  const audio = new Int16Array(16_000);
  const hear = () => worker.transcribe({ audio, language: 'en', priority: 'background' });
  const before = processesWith('10000');
  await hear();
  const [thorough] = processesWith('10000').filter((pid) => !before.includes(pid));
  process.kill(thorough!, 'SIGKILL');
  await t.rejects(hear(), 'what it was asked for fails, and is asked for again by the pool');
  t.match(await hear(), { words: [] });
});
