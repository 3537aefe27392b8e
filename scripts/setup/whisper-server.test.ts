import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { findWhisperServer } from '../../server/speech/engines/find-whisper-server.ts';
import { withLock } from './lock.ts';
import { buildWhisperServer, findOrBuildWhisperServer } from './whisper-server.ts';

/** Plays cmake: prints its progress and leaves a binary, or fails with a compiler's complaint. */
async function cmakeThat(t: Test, does: 'builds' | 'fails'): Promise<string> {
  const script =
    does === 'fails'
      ? 'echo "fatal error: no such file" >&2; exit 2'
      : `case "$1" in
           -S) mkdir -p "$4/bin"; echo run >> "${t.testdirName}/runs";;
           --build) echo "[ 10%] Building"; echo "[ 55%] Building"; echo "[100%] Built target"
             for program in whisper-server whisper-quantize; do echo x > "$2/bin/$program"; done;;
         esac`;
  const directory = t.testdir({ cmake: `#!/bin/sh\n${script}\n`, cache: {} });
  await chmod(path.join(directory, 'cmake'), 0o755);
  return path.join(directory, 'cmake');
}

t.test('it is built once, with progress, and found afterwards', async (t) => {
  const cmake = await cmakeThat(t, 'builds');
  const cacheDirectory = path.join(t.testdirName, 'cache');
  t.equal(await findWhisperServer({ cacheDirectory }), undefined);
  const progress: number[] = [];
  const build = () =>
    buildWhisperServer({ cacheDirectory, cmake, onProgress: (ratio) => progress.push(ratio) });
  const binaries = await Promise.all([build(), build()]);
  t.equal(binaries[0], binaries[1]);
  t.equal(readFileSync(path.join(t.testdirName, 'runs'), 'utf8'), 'run\n', 'two at once build one');
  t.strictSame([...progress].sort(), progress, 'progress only grows');
  t.match(progress, [0.1, 0.55, 1]);
  t.equal(await findWhisperServer({ cacheDirectory }), binaries[0]);
  t.equal(await findOrBuildWhisperServer({ cacheDirectory }), binaries[0]);
});

t.test('a failed build leaves nothing that looks built, and says where to look', async (t) => {
  const cmake = await cmakeThat(t, 'fails');
  const cacheDirectory = path.join(t.testdirName, 'cache');
  const error = await buildWhisperServer({ cacheDirectory, cmake }).catch((error) => error);
  t.match(error, { name: 'SetupError', message: 'whisper-server could not be built.' });
  const log = /See the last lines of (\S+\.log)/.exec(error.remedy)?.[1] ?? '';
  t.match(readFileSync(log, 'utf8'), /fatal error/);
  t.equal(await findWhisperServer({ cacheDirectory }), undefined);
  t.notOk((await readdir(path.dirname(log))).some((file) => file.endsWith('.lock')));
});

t.test('without cmake it says what to install', async (t) => {
  const cacheDirectory = t.testdir({});
  await t.rejects(buildWhisperServer({ cacheDirectory, cmake: '/nonexistent/cmake' }), {
    name: 'SetupError',
    message: /cmake is not installed/,
    remedy: /Install cmake/,
  });
});

t.test("the user's own comes first, then the search path", async (t) => {
  const directory = t.testdir({ 'whisper-server': '', own: '' });
  await chmod(path.join(directory, 'whisper-server'), 0o755);
  await chmod(path.join(directory, 'own'), 0o755);
  const own = path.join(directory, 'own');
  const cacheDirectory = path.join(directory, 'cache');
  t.equal(await findWhisperServer({ bin: own, searchPath: directory, cacheDirectory }), own);
  t.equal(
    await findWhisperServer({ searchPath: `/nonexistent:${directory}`, cacheDirectory }),
    path.join(directory, 'whisper-server'),
  );
  await t.rejects(findWhisperServer({ bin: '/nonexistent/x', cacheDirectory }), { name: 'SetupError' });
});

t.test('the lock of a process that is gone is taken over', async (t) => {
  const file = path.join(t.testdir({}), 'lock');
  const { pid } = spawnSync('true');
  writeFileSync(file, String(pid));
  t.equal(await withLock(file, async () => existsSync(file)), true);
  t.notOk(existsSync(file));
});
