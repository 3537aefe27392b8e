/**
 * tap as `.taprc` wants it. tap rebuilds itself when its plugins change, but too late for the run that notices,
 * so it is done before the first run.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Say, StepResult } from './report.ts';

/** @param tap tap's program */
export function ensureTapPlugins(root: string, tap: string, say: Say): StepResult {
  const name = 'Test runner';
  const built = join(root, 'node_modules/@tapjs/test/test-built/src/index.ts');
  const excluded = [...readFileSync(join(root, '.taprc'), 'utf8').matchAll(/["']!(@[^"']+)["']/g)].map(
    ([, plugin]) => plugin!,
  );
  const isBuilt = () => {
    const text = readFileSync(built, 'utf8');
    return !excluded.some((plugin) => text.includes(`"${plugin}"`));
  };
  if (isBuilt()) return { name, state: 'ready', what: 'it is built.' };
  say('Building the test runner without the plugins that it does not need.');
  const result = spawnSync(process.execPath, [tap, 'build'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 180_000,
  });
  if (result.status === 0 && isBuilt()) return { name, state: 'ready', what: 'it was built.' };
  return {
    name,
    state: 'missing',
    what: `\`tap build\` ended with ${result.status ?? result.signal}.`,
    remedy: 'Run `npx tap build` by hand to see why, then run the command again.',
  };
}
