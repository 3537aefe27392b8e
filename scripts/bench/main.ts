/** `npm run -s bench -- <name> [--json]`: the last line is one JSON object. `--list` says what there is. */
import { cpus, loadavg } from 'node:os';
import { Command } from 'commander';
import { type Bench, BenchSkipped } from './bench.ts';
import { benches } from './registry.ts';

const program = new Command('bench')
  .argument('[name]', 'which bench to run')
  .option('--json', 'the figures as the last line, one JSON object')
  .option('--list', 'what there is')
  .action(async (name: string | undefined, options: { json?: boolean; list?: boolean }) => {
    if (options.list || name === undefined) return list();
    const bench = benches.find((each) => each.name === name);
    if (bench === undefined) return program.error(`There is no bench called ${name}; --list says which.`);
    const report = await run(bench);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    // Whatever a bench that was cut short has left running ends with this process.
    process.exit('error' in report ? 1 : 0);
  });

function list(): void {
  for (const { name, about } of benches) process.stdout.write(`${name.padEnd(22)}${about}\n`);
}

async function run(bench: Bench): Promise<Record<string, unknown>> {
  const begun = performance.now();
  // Others at work on the machine inflate every absolute figure: the load says how far to trust them.
  const machine = { cores: cpus().length, load_before: round(loadavg()[0] ?? 0) };
  const say = (line: string) => process.stderr.write(`${bench.name}: ${line}\n`);
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${bench.limit} s`)), bench.limit * 1000);
  });
  const outcome = await Promise.race([bench.run(say), limit]).catch((error: Error) =>
    error instanceof BenchSkipped ? { skipped: error.message } : { error: error.stack ?? String(error) },
  );
  clearTimeout(timer);
  const seconds = round((performance.now() - begun) / 1000);
  return { bench: bench.name, ...outcome, ...machine, load_after: round(loadavg()[0] ?? 0), seconds };
}

const round = (value: number) => Math.round(value * 100) / 100;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await program.parseAsync();
