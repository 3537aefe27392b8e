import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { GOLDEN_PLDA, goldenMissing } from '../../fixtures/golden.ts';
import { writeNetworks } from '../../fixtures/onnx/write-networks.ts';
import { createDiarizer } from './create-diarizer.ts';
import { concludeAll } from './diarizer.ts';
import { EMBEDDING_FILE } from './load-networks.ts';

function options(modelsDirectory: string, standIn = true) {
  const said: object[] = [];
  const log = {
    warn: (fields: object) => void said.push(fields),
    error: (fields: object) => void said.push(fields),
  };
  return { said, options: { modelsDirectory, standIn, phantomSeconds: 0, log } };
}

t.test('without networks the stand-ins speak, and say that they do', async (t) => {
  const diarizer = await createDiarizer(options(t.testdir()).options);
  t.equal(diarizer?.method, 'stand-in');
  const window = await diarizer!.analyseWindow(0, new Int16Array(32_000));
  t.same([window.index, window.frames, window.speakers], [0, 589, 3]);
  const found = await concludeAll(diarizer!, [window], { duration: 2 });
  t.same([found.method, found.turns], ['stand-in', []]);
  await diarizer!.close();
});

t.test('without networks and stand-ins there is no diarizer', async (t) => {
  t.equal(await createDiarizer(options(t.testdir(), false).options), undefined);
});

t.test(
  'the networks are taken where they are, and the PLDA with them',
  { skip: goldenMissing },
  async (t) => {
    const directory = await writeNetworks(t.testdir(), 'tiny');
    const without = await createDiarizer(options(directory).options);
    t.equal(without?.method, 'agglomerative');
    await without!.close();
    for (const file of readdirSync(GOLDEN_PLDA)) copyFileSync(join(GOLDEN_PLDA, file), join(directory, file));
    const diarizer = await createDiarizer(options(directory).options);
    t.equal(diarizer?.method, 'community-1');
    const window = await diarizer!.analyseWindow(0, new Int16Array(160_000).fill(16_000));
    const found = await concludeAll(diarizer!, [window], { duration: 10 });
    t.same([found.method, found.speakers], ['community-1', ['SPEAKER_00']]);
    await diarizer!.close();
  },
);

t.test('a damaged network is told by name and the stand-ins take over, where they may', async (t) => {
  const directory = await writeNetworks(t.testdir(), 'tiny');
  writeFileSync(join(directory, EMBEDDING_FILE), 'half a download');
  const allowed = options(directory);
  const diarizer = await createDiarizer(allowed.options);
  t.equal(diarizer?.method, 'stand-in');
  t.match(allowed.said, [{ reason: `${EMBEDDING_FILE} is not an ONNX network that can be run.` }]);
  await diarizer!.close();
  const forbidden = options(directory, false);
  t.equal(await createDiarizer(forbidden.options), undefined);
  t.equal(forbidden.said.length, 1);
});
