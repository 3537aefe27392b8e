import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { withLock } from './lock.mjs';

const launcher = new URL('./launch.mjs', import.meta.url).href;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A process that launches a TypeScript file of the test's own, as the commands do. */
const launching = (script: string) => [
  '--input-type=module',
  '-e',
  `import { launch, endLike } from '${launcher}'; endLike(await launch('${root}', '${script}', ['a b']));`,
];

t.test('the exit code and the arguments of the script pass through', async (t) => {
  const directory = t.testdir({
    'x.ts': 'const a: string = process.argv[2]!; console.log(a); process.exit(7);',
  });
  const result = spawnSync(process.execPath, launching(directory.slice(root.length).concat('/x.ts')), {
    encoding: 'utf8',
  });
  t.equal(result.stdout, 'a b\n', result.stderr);
  t.equal(result.status, 7);
});

t.test('a signal reaches the script, and the command ends as the script does', async (t) => {
  const directory = t.testdir({
    'x.ts':
      "process.on('SIGTERM', () => { console.log('bye'); process.exit(3); }); setInterval(() => {}, 1000); console.log('up');",
  });
  const child = spawn(process.execPath, launching(directory.slice(root.length).concat('/x.ts')), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
    if (output === 'up\n') child.kill('SIGTERM');
  });
  const [code] = await once(child, 'close');
  t.equal(output, 'up\nbye\n');
  t.equal(code, 3);
});

t.test('one task at a time holds the lock, and it is free afterwards', async (t) => {
  const lock = join(t.testdir(), 'lock');
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  const order: string[] = [];
  const waited: number[] = [];
  const first = withLock(
    lock,
    () => {},
    async () => {
      order.push('first in');
      await promise;
      order.push('first out');
    },
  );
  const script = `import { withLock } from '${new URL('./lock.mjs', import.meta.url).href}'; await withLock(${JSON.stringify(lock)}, (owner) => console.log('waits ' + owner), async () => console.log('in'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.on('data', (bytes: Buffer) => {
    if (String(bytes).startsWith('waits')) {
      waited.push(Number(String(bytes).slice(6)));
      resolve();
    } else order.push('second in');
  });
  await first;
  await once(child, 'close');
  t.same(waited, [process.pid]);
  t.same(order, ['first in', 'first out', 'second in']);
  t.notOk(existsSync(lock));
});

t.test('the lock of a process that is gone is taken over', async (t) => {
  const lock = join(t.testdir(), 'lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  mkdirSync(lock);
  writeFileSync(join(lock, 'owner'), String(pid));
  t.equal(
    await withLock(
      lock,
      () => t.fail('nobody is waited for'),
      async () => 5,
    ),
    5,
  );
});
