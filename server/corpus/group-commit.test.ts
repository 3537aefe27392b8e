import t from 'tap';
import { createGroupCommit } from './group-commit.ts';

function createRecorded(limits = { tasks: 10, weight: 100 }) {
  const batches: string[][] = [];
  let failure: Error | undefined;
  const commits = createGroupCommit<string[]>({
    begin: () => [],
    async commit(batch) {
      await new Promise(setImmediate);
      if (failure !== undefined) throw failure;
      batches.push(batch);
    },
    limits,
  });
  const settled: string[] = [];
  const submit = (name: string, weight = 1) =>
    commits.submit({
      weight,
      stage(batch) {
        if (name.startsWith('bad')) throw new Error(name);
        batch.push(name);
        return name;
      },
      committed: (result) => settled.push(result),
    });
  return {
    commits,
    batches,
    settled,
    submit,
    fail: (error: Error | undefined) => {
      failure = error;
    },
  };
}

t.test('what arrives together is committed together, what arrives meanwhile next', async (t) => {
  const { batches, settled, submit } = createRecorded();
  const first = Promise.all([submit('a'), submit('b')]);
  await new Promise(setImmediate);
  const second = Promise.all([submit('c'), submit('d')]);
  t.same([...(await first), ...(await second)], ['a', 'b', 'c', 'd']);
  t.same(batches, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  t.same(settled, ['a', 'b', 'c', 'd']);
});

t.test('a task that is refused touches no other', async (t) => {
  const { batches, submit } = createRecorded();
  const results = await Promise.allSettled([submit('a'), submit('bad'), submit('b')]);
  t.same(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.same(batches, [['a', 'b']]);
});

t.test('a commit that fails rejects all of its batch, and the next goes on', async (t) => {
  const { batches, settled, submit, fail } = createRecorded();
  fail(new Error('full'));
  const results = await Promise.allSettled([submit('a'), submit('b')]);
  t.same(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  fail(undefined);
  await submit('c');
  t.same(batches, [['c']]);
  t.same(settled, ['c']);
});

t.test('a batch ends at its limits, but takes at least one', async (t) => {
  const { batches, submit } = createRecorded({ tasks: 3, weight: 10 });
  await Promise.all([submit('a', 50), submit('b', 6), submit('c', 6), submit('d'), submit('e'), submit('f')]);
  t.same(batches, [['a'], ['b'], ['c', 'd', 'e'], ['f']]);
});

t.test('drain waits for everything submitted', async (t) => {
  const { commits, settled, submit } = createRecorded({ tasks: 1, weight: 100 });
  const all = [submit('a'), submit('b'), submit('c')];
  await commits.drain();
  t.same(settled, ['a', 'b', 'c']);
  await Promise.all(all);
});
