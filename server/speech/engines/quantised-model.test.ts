import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { buildPlace } from './find-whisper-server.ts';
import { findQuantiser, quantisedModel, quantiserName } from './quantised-model.ts';

/** The head of a ggml speech model: its magic number, ten dimensions and the type of its weights. */
function modelHead(fileType: number): Buffer {
  const numbers = [0x67676d6c, 51865, 1500, 512, 8, 6, 448, 512, 8, 6, 80, fileType];
  return Buffer.from(Int32Array.from(numbers).buffer);
}

/** Plays whisper-quantize: notes that it ran and copies its input, or fails half-way. */
function placeWith(t: Test, does: 'copies' | 'fails', head = modelHead(1)) {
  const script =
    does === 'copies'
      ? 'echo "$3" >> "$(dirname "$0")/runs"; cp "$1" "$2"; echo 8-bit >> "$2"'
      : 'echo half > "$2"; exit 1';
  const directory = t.testdir({ build: { quantiser: `#!/bin/sh\n${script}\n` }, 'ggml-base.bin': head });
  const quantiser = path.join(directory, 'build', 'quantiser');
  chmodSync(quantiser, 0o755);
  const runs = () =>
    readFileSync(path.join(directory, 'build', 'runs'), 'utf8')
      .trim()
      .split('\n');
  return { quantiser, model: path.join(directory, 'ggml-base.bin'), runs };
}

t.test('[S1] a half-precision model gets an 8-bit copy, once', async (t) => {
  const { quantiser, model, runs } = placeWith(t, 'copies');
  const copy = await quantisedModel(model, quantiser);
  t.equal(path.basename(copy), 'ggml-base-q8_0.bin');
  t.match(readFileSync(copy, 'latin1'), /8-bit/);
  t.equal(await quantisedModel(model, quantiser), copy);
  t.strictSame(runs(), ['q8_0']);
});

t.test('a model that was replaced gets a new copy', async (t) => {
  const { quantiser, model, runs } = placeWith(t, 'copies');
  const first = await quantisedModel(model, quantiser);
  utimesSync(model, new Date(), new Date(Date.UTC(2030, 0)));
  t.not(await quantisedModel(model, quantiser), first);
  t.equal(runs().length, 2);
});

t.test('what is quantised already, or no model at all, is left as it is', async (t) => {
  for (const head of [modelHead(7), Buffer.from('no model'), Buffer.alloc(64)]) {
    const { quantiser, model } = placeWith(t, 'copies', head);
    t.equal(await quantisedModel(model, quantiser), model);
    t.notOk(existsSync(path.join(path.dirname(quantiser), 'runs')));
  }
});

t.test('where no copy can be made the original serves, and nothing half-made stays', async (t) => {
  const { quantiser, model } = placeWith(t, 'fails');
  t.equal(await quantisedModel(model, quantiser), model);
  t.equal(await quantisedModel(model, quantiser), model, 'half a copy is not taken for one');
});

t.test('only a build of ours quantises', async (t) => {
  const cacheDirectory = t.testdir({ own: { [quantiserName]: '' } });
  const { directory } = await buildPlace(cacheDirectory);
  mkdirSync(directory, { recursive: true });
  const built = path.join(directory, 'whisper-server');
  t.equal(await findQuantiser(built, cacheDirectory), undefined, 'not built yet');
  writeFileSync(path.join(directory, quantiserName), '', { mode: 0o755 });
  t.equal(await findQuantiser(built, cacheDirectory), path.join(directory, quantiserName));
  t.equal(await findQuantiser(path.join(cacheDirectory, 'own', 'whisper-server'), cacheDirectory), undefined);
  t.equal(await findQuantiser(undefined, cacheDirectory), undefined);
});
