/** `npm run -s torture -- <name> [--seed n] [--count n] [--json]`: the last line is one JSON object; ends with 1 on a failure. */
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { access } from './access.ts';
import { bits } from './bits.ts';
import { canary } from './canary.ts';
import { crash } from './crash.ts';
import { fuzz } from './fuzz.ts';
import { network } from './network.ts';
import { power } from './power.ts';
import { slow } from './slow.ts';
import { failuresOf, type Torture } from './torture.ts';

const tortures: Record<string, Torture> = { crash, network, access, canary, power, bits, fuzz, slow };

const whole = (text: string) => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('A whole number is wanted.');
  return Number(text);
};

const program = new Command('torture')
  .description('Does to the real server what clinics, networks and disks do, and counts what was lost.')
  .argument('<name>', Object.keys(tortures).join(', '))
  .option('--seed <number>', 'does the same again', whole)
  .option('--count <number>', 'how much of it; by default all that is promised', whole)
  .option('--json', 'only the last line, one JSON object')
  .action(async (name: string, options: { seed?: number; count?: number; json?: boolean }) => {
    const torture = tortures[name];
    if (torture === undefined) return program.error(`There is no torture ${name}.`);
    const seed = options.seed ?? randomInt(1_000_000);
    const count = options.count ?? torture.count;
    const say = (line: string) => process.stderr.write(`${line}\n`);
    say(`${name}: ${torture.describes}; seed ${seed}`);
    const begun = performance.now();
    const report = await torture.run({ seed, count, say: options.json ? () => {} : say });
    const failures = failuresOf(torture, report);
    for (const failure of failures) say(`✗ ${failure}`);
    const seconds = Math.round((performance.now() - begun) / 100) / 10;
    process.stdout.write(
      `${JSON.stringify({ torture: name, seed, count, seconds, ...report, passed: failures.length === 0 })}\n`,
    );
    process.exitCode = failures.length === 0 ? 0 : 1;
  });

await program.parseAsync();
