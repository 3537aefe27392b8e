import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tinyEmbedding, tinySegmentation } from '../../../fixtures/onnx/tiny-networks.ts';
import { computeFilterBanks, subtractMean } from '../features.ts';
import { createRandom } from '../kmeans.ts';
import { WINDOW_SAMPLES } from '../segmenter.ts';
import { createOnnxEmbedder, selectFrames } from './onnx-embedder.ts';

const directory = t.testdir();
const write = (name: string, bytes: Uint8Array) => {
  writeFileSync(join(directory, name), bytes);
  return join(directory, name);
};
const path = write('tiny.onnx', tinyEmbedding());
const options = { threads: 1 };

const random = createRandom(3);
/** Noise that grows louder. */
const audio = Float32Array.from(
  { length: WINDOW_SAMPLES },
  (_, n) => ((random() - 0.5) * n) / WINDOW_SAMPLES,
);
const maskOf = (from: number, to: number) => new Uint8Array(589).fill(1, from, to);

t.test(
  'an embedding is of the frames under the mask, with the mean of the whole window taken off',
  async (t) => {
    const embedder = await createOnnxEmbedder(path, options);
    t.equal(embedder.dimension, 256);
    const masks = [maskOf(0, 100), maskOf(400, 589)];
    const embeddings = await embedder.embed(audio, masks);
    const features = subtractMean(computeFilterBanks(audio));
    for (const [index, mask] of masks.entries()) {
      const frames = selectFrames(features, mask);
      for (let bin = 0; bin < 80; bin += 1) {
        let sum = 0;
        for (let at = bin; at < frames.length; at += 80) sum += frames[at]!;
        t.ok(Math.abs(embeddings[index * 256 + bin]! - sum / (frames.length / 80)) < 1e-4);
      }
    }
    t.ok(
      embeddings[0]! < 0 && embeddings[256]! > 0,
      'the beginning is quieter than the window, the end louder',
    );
    await embedder.close();
  },
);

t.test('the mask is stretched to the frames as PyTorch does it', async (t) => {
  const features = { frames: 10, bins: 1, data: Float32Array.from({ length: 10 }, (_, frame) => frame) };
  t.same([...selectFrames(features, Uint8Array.of(1, 0, 1, 0))], [0, 1, 2, 5, 6, 7]);
  t.same([...selectFrames(features, new Uint8Array(589))], []);
});

t.test('a mask with too little under it has no embedding', async (t) => {
  const embedder = await createOnnxEmbedder(path, options);
  const embeddings = await embedder.embed(audio, [maskOf(0, 0), maskOf(0, 589), maskOf(10, 12)]);
  t.ok(embeddings.subarray(0, 256).every(Number.isNaN));
  t.ok(embeddings.subarray(256, 512).every(Number.isFinite));
  t.ok(embeddings.subarray(512).every(Number.isNaN));
  await embedder.close();
});

t.test('samples that are no numbers count as silence', async (t) => {
  const embedder = await createOnnxEmbedder(path, options);
  const broken = audio.map((sample, n) => (n % 1000 === 0 ? Number.NaN : sample));
  const mended = audio.map((sample, n) => (n % 1000 === 0 ? 0 : sample));
  t.same(await embedder.embed(broken, [maskOf(0, 589)]), await embedder.embed(mended, [maskOf(0, 589)]));
  await embedder.close();
});

t.test('the number of values is read from the network', async (t) => {
  const embedder = await createOnnxEmbedder(write('wide.onnx', tinyEmbedding(512)), options);
  t.equal(embedder.dimension, 512);
  await embedder.close();
});

t.test('another network is refused by name', async (t) => {
  const other = write('other.onnx', tinySegmentation());
  await t.rejects(createOnnxEmbedder(other, options), {
    message: /^other\.onnx does not take an input of 1 × 98 × 80/,
  });
});
