import { readFileSync } from 'node:fs';
import t from 'tap';
import { loadedShare } from './loaded-share.ts';

t.test('[S1] what a process has read of its model', { skip: process.platform !== 'linux' }, async (t) => {
  const file = t.testdir({ model: Buffer.alloc(64 * 2 ** 20) });
  const before = Number((await loadedShare(process.pid, 2 ** 50)) ?? Number.NaN);
  readFileSync(`${file}/model`);
  const after = Number(await loadedShare(process.pid, 2 ** 50));
  t.ok(after - before >= (64 * 2 ** 20) / 2 ** 50);
  t.equal(await loadedShare(process.pid, 1), 1, 'never more than all of it');
});

t.test('where nobody tells there is no share', async (t) => {
  t.equal(await loadedShare(undefined, 100), undefined);
  t.equal(await loadedShare(2 ** 30, 100), undefined);
  t.equal(await loadedShare(process.pid, 0), undefined);
});
