import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Corpus } from './corpus.ts';
import { createCorpus } from './create-corpus.ts';
import { createDirectory, createTestCorpus, opened, optionsFor, readAll, slice } from './testing.ts';

const SLICE = new Uint8Array(40_000);

/** Appends until the disk refuses; answers how many slices were acknowledged. */
async function fill(t: Test, corpus: Corpus, session: string): Promise<number> {
  for (let seq = 0; seq < 1000; seq++) {
    try {
      await corpus.append(session, [slice(seq, SLICE)]);
    } catch (error) {
      t.match(error, { code: 'STORAGE_UNAVAILABLE' });
      return seq;
    }
  }
  throw new Error('The disk never became full.');
}

t.test(
  '[I1] a corpus at its limit refuses, keeps what it acknowledged and goes on when there is room',
  async (t) => {
    const { corpus, options } = await createTestCorpus(t, { maxBytes: 2 * 1024 * 1024 });
    await corpus.open('session-1', opened);
    await corpus.open('session-2', opened);
    const acknowledged = await fill(t, corpus, 'session-1');
    t.ok(acknowledged > 10);
    t.equal(
      (await corpus.summary('session-1'))?.slices,
      acknowledged,
      'nothing of the refused append stands',
    );
    await t.rejects(corpus.append('session-1', [slice(acknowledged, SLICE)]), {
      code: 'STORAGE_UNAVAILABLE',
    });
    t.same((await corpus.verify()).faults, []);
    await corpus.erase('session-1', 'admin-1', 'room is needed');
    t.equal((await corpus.append('session-2', [slice(0, SLICE)]))[0]!.n, 2);
    await corpus.close();
    const again = await createCorpus(options);
    t.equal((await readAll(again, 'session-2')).length, 2);
    await again.close();
  },
);

t.test('[I1] below the reserve audio is refused and the log still has room', async (t) => {
  const { corpus } = await createTestCorpus(t, { reserveBytes: Number.MAX_SAFE_INTEGER });
  await corpus.open('session-1', opened);
  await t.rejects(corpus.append('session-1', [slice(0)]), { code: 'STORAGE_UNAVAILABLE' });
  const asked = { request: 'r1', by: 'clinician-1' };
  t.equal((await corpus.append('session-1', [{ type: 'finish.requested', data: asked }]))[0]!.n, 2);
});

function mountSmallDisk(mount: string): boolean {
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', mount], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const directory = createDirectory(t);
const mount = join(directory, 'disk');
const mounted = mountSmallDisk(mount);

t.test(
  '[I1] a disk that is full refuses, and the corpus goes on by itself when space returns',
  { skip: mounted ? false : 'only root can mount a small file system' },
  async (t) => {
    const options = { ...optionsFor(directory), directory: join(mount, 'data') };
    // Larger than the log: what stands in the log must find room in the database before anything else.
    const ballast = join(mount, 'ballast');
    writeFileSync(ballast, Buffer.alloc(6 * 1024 * 1024));
    const corpus = await createCorpus(options);
    t.teardown(() => corpus.close());
    await corpus.open('session-1', opened);
    const acknowledged = await fill(t, corpus, 'session-1');
    t.ok(acknowledged > 5);
    await t.rejects(corpus.append('session-1', [slice(acknowledged, SLICE)]), {
      code: 'STORAGE_UNAVAILABLE',
    });
    t.equal((await readAll(corpus, 'session-1')).length, acknowledged + 1, 'reading goes on meanwhile');
    rmSync(ballast);
    const [event] = await corpus.append('session-1', [slice(acknowledged, SLICE)]);
    t.equal(event!.n, acknowledged + 2, 'no number was used up');
    t.match(await corpus.verify(), { events: acknowledged + 2, blobs: acknowledged + 1, faults: [] });
    await corpus.close();
    const reader = await createCorpus({ ...options, readOnly: true });
    t.equal((await readAll(reader, 'session-1')).length, acknowledged + 2);
    await reader.close();
  },
);

t.teardown(() => {
  if (mounted) execFileSync('umount', ['-l', mount]);
});
