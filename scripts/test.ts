/** `npm test`: set-up, types, lint, directions, then every test; the last line counts them. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../server/config.ts';
import { findWhisperServer } from '../server/speech/engines/find-whisper-server.ts';
import { ensureWhisperServer } from './setup/engine.ts';
import { runSteps } from './setup/report.ts';
import { ensureSystemPackages, systemPackages } from './setup/system-packages.ts';
import { ensureTapPlugins } from './setup/tap-plugins.ts';
import { buildWhisperServer } from './setup/whisper-server.ts';
import { addCounts, type Count, countTests, describeCount, noTests } from './testing/count-tests.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = join(root, 'test-results', 'results.tap');
const say = (line: string) => process.stdout.write(`${line}\n`);
const checkMinutes = 3;
const testMinutes = 14;

const require = createRequire(import.meta.url);
/** A package's program as npm links it, run by this very Node. */
const program = (name: string, bin: string) => join(dirname(require.resolve(`${name}/package.json`)), bin);

const tap = program('tap', 'dist/esm/run.mjs');

/** `copyTo`: a file that gets what it prints as well. @returns whether it ended with 0 within its minutes. */
function run(args: readonly string[], minutes: number, copyTo?: string): Promise<boolean> {
  // A run of tap around this one would take over the reporter.
  const { TAP: _around, ...env } = process.env;
  const output = copyTo === undefined ? 'inherit' : 'pipe';
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', output, 'inherit'] });
  const copy = copyTo === undefined ? undefined : createWriteStream(copyTo);
  child.stdout?.on('data', (data) => {
    process.stdout.write(data);
    copy?.write(data);
  });
  const stop = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  const bound = setTimeout(() => {
    say(`✗ stopped after ${minutes} minutes`);
    // tap answers the first by ending its tests and reporting them; the second cannot be ignored.
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 20_000).unref();
  }, minutes * 60_000);
  return new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (code) => {
      clearTimeout(bound);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, stop);
      if (copy === undefined) resolve(code === 0);
      else copy.end(() => resolve(code === 0));
    });
  });
}

async function setUp() {
  const config = readConfig();
  await runSteps(
    [
      {
        name: 'System packages',
        run: async () => ensureSystemPackages(Object.values(systemPackages), say),
      },
      { name: 'Test runner', run: async () => ensureTapPlugins(root, tap, say) },
      {
        name: 'Engine for tests',
        run: () =>
          ensureWhisperServer({
            config,
            searchPath: process.env.PATH ?? '',
            servers: { find: findWhisperServer, build: buildWhisperServer },
            say,
          }),
      },
    ],
    say,
  );
}

async function runChecks(): Promise<Count> {
  const tsx = ['--import', 'tsx'];
  const checks: [string, readonly string[]][] = [
    ['types', [program('typescript', 'bin/tsc')]],
    ['lint', [program('@biomejs/biome', 'bin/biome'), 'check', '.']],
    ['directions', [...tsx, join(root, 'scripts/check-imports.ts')]],
  ];
  let count = noTests;
  for (const [name, args] of checks) {
    const passed = await run(args, checkMinutes);
    say(`${passed ? '✓' : '✗'} ${name}`);
    count = addCounts(count, { ...noTests, [passed ? 'passed' : 'failed']: 1 });
  }
  return count;
}

async function runTests(args: readonly string[]): Promise<Count> {
  mkdirSync(dirname(results), { recursive: true });
  rmSync(results, { force: true });
  // Reporters for people draw with cursor movements, which make a log unreadable.
  const passed = process.stdout.isTTY
    ? await run([tap, '--reporter=base', `--output-file=${results}`, ...args], testMinutes)
    : await run([tap, '--reporter=tap', ...args], testMinutes, results);
  let count = noTests;
  try {
    count = countTests(readFileSync(results, 'utf8'));
  } catch {
    say('✗ tap left no results.');
  }
  // tap is not content although every test it reported is: it was stopped, or found no test at all.
  return passed || count.failed > 0 ? count : addCounts(count, { ...noTests, failed: 1 });
}

await setUp();
const checks = await runChecks();
const tests = await runTests(process.argv.slice(2));
const count = addCounts(checks, tests);
process.exitCode = count.failed === 0 ? 0 : 1;
say(describeCount(count));
