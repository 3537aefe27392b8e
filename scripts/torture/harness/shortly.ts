/** A short version of a torture as a test. */
import { randomInt } from 'node:crypto';
import type { Test } from 'tap';
import { failuresOf, type Torture } from '../torture.ts';

/** `SEED` in the environment does again what a seed that was printed did. */
export function shortly(t: Test, name: string, torture: Torture, count: number, skip?: string | false): void {
  const seed = Number(process.env.SEED ?? randomInt(1_000_000));
  t.test(name, { skip: skip || false, timeout: 200_000 }, async (t) => {
    t.comment(`seed ${seed}`);
    const report = await torture.run({ seed, count, say: (line) => t.comment(line) });
    t.comment(JSON.stringify(report));
    t.same(failuresOf(torture, report), []);
  });
}
