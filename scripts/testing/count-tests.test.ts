import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import { countTests, describeCount } from './count-tests.ts';

t.test('a real run of tap is counted by its leaf tests', async (t) => {
  const tap = createRequire(import.meta.url)
    .resolve('tap/package.json')
    .replace(/package\.json$/, 'dist/esm/run.mjs');
  const directory = t.testdir({
    'package.json': '{"type":"module"}',
    '.taprc':
      'plugin:\n  - "!@tapjs/typescript"\ndisable-coverage: true\nallow-incomplete-coverage: true\ntimeout: 60\n',
    'good.test.mjs':
      "import t from 'tap'; t.test('a', async (t) => { t.ok(1); t.ok(1); }); t.test('b', async (t) => { t.test('c', async (t) => t.ok(1)); t.test('d', async (t) => t.ok(1)); });",
    'bad.test.mjs':
      "import t from 'tap'; t.test('a', async (t) => t.ok(0)); t.test('b', async (t) => t.ok(1));",
    'skipped.test.mjs':
      "import t from 'tap'; t.test('a', { skip: 'no chromium' }, async (t) => t.ok(1)); t.test('b', async (t) => t.skip('no ffmpeg')); t.test('c', async (t) => t.ok(1));",
    'left-out.test.mjs': "import t from 'tap'; t.plan(0, 'no shared data');",
    'crash.test.mjs':
      "import t from 'tap'; t.test('a', async (t) => { t.ok(1); }); setImmediate(() => process.abort());",
    'bare.test.mjs': "import t from 'tap'; t.ok(1); t.ok(1);",
    'broken.test.mjs': 'this is no JavaScript',
  });
  const { TAP: _tap, ...environment } = process.env;
  const own = Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(_?TAP|NODE_OPTIONS)/i.test(name)),
  );
  const result = spawnSync(process.execPath, [tap, '--reporter=silent', '--output-file=out.tap'], {
    cwd: directory,
    env: own,
    encoding: 'utf8',
    timeout: 200_000,
  });
  t.not(result.status, 0);
  const count = countTests(readFileSync(join(directory, 'out.tap'), 'utf8'));
  // good 3, bad 1, skipped 1, crash 1, bare 1; bad, crash and broken fail; two tests and a file are left out.
  t.equal(describeCount(count), '7 passed, 3 failed, 3 skipped', result.stdout + result.stderr);
});

t.test('a file that timed out after good tests counts as a failure', async (t) => {
  const tap = [
    'TAP version 14',
    '# Subtest: a.test.ts',
    '    # Subtest: one',
    '        ok 1 - fine',
    '        1..1',
    '    ok 1 - one',
    '    1..1',
    'not ok 1 - a.test.ts',
    '  ---',
    '  expired: a.test.ts',
    '  signal: SIGTERM',
    '  ...',
    '1..1',
  ];
  t.same(countTests(`${tap.join('\n')}\n`), { passed: 1, failed: 1, skipped: 0 });
});

t.test('a stream cut in the middle of a test counts that test as failed', async (t) => {
  const tap = 'TAP version 14\n# Subtest: a.test.ts\n    # Subtest: one\n        ok 1 - fine\n';
  t.match(countTests(tap), { failed: 1 });
});

t.test('nothing counts as nothing, and skips are named only where there are any', async (t) => {
  t.equal(describeCount(countTests('')), '0 passed, 0 failed');
});
