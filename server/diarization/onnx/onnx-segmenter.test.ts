import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tinyEmbedding, tinySegmentation } from '../../../fixtures/onnx/tiny-networks.ts';
import { WINDOW_SAMPLES } from '../segmenter.ts';
import { createOnnxSegmenter } from './onnx-segmenter.ts';

const directory = t.testdir();
const write = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(join(directory, name), bytes);
  return join(directory, name);
};
const path = write('tiny.onnx', tinySegmentation());
const options = { threads: 1 };

/** Above zero in the first half, below it in the second. */
const steps = Float32Array.from({ length: WINDOW_SAMPLES }, (_, n) => (n < WINDOW_SAMPLES / 2 ? 0.5 : -0.5));
const silence = new Float32Array(WINDOW_SAMPLES);
const column = (activity: Uint8Array, speaker: number) =>
  activity.filter((_, index) => index % 3 === speaker);

t.test('scores become the activity of three speakers', async (t) => {
  const segmenter = await createOnnxSegmenter(path, options);
  const [activity] = await segmenter.segment([steps]);
  t.equal(activity!.length, 589 * 3);
  t.ok(
    column(activity!, 0)
      .slice(0, 290)
      .every((value) => value === 1),
  );
  t.ok(
    column(activity!, 0)
      .slice(300)
      .every((value) => value === 0),
  );
  t.ok(
    column(activity!, 1)
      .slice(300)
      .every((value) => value === 1),
  );
  t.ok(column(activity!, 2).every((value) => value === 0));
  await segmenter.close();
});

t.test('many windows at once answer as one by one', async (t) => {
  const segmenter = await createOnnxSegmenter(path, options);
  const windows = [steps, silence, steps.map((sample) => -sample)];
  const together = await segmenter.segment(windows);
  for (const [index, window] of windows.entries())
    t.same(together[index], (await segmenter.segment([window]))[0]);
  t.ok(together[1]!.every((value) => value === 0));
  await segmenter.close();
});

t.test('samples that are no numbers count as silence', async (t) => {
  const segmenter = await createOnnxSegmenter(path, options);
  const broken = steps.slice();
  broken.fill(Number.NaN, 0, 1000);
  const mended = steps.slice();
  mended.fill(0, 0, 1000);
  t.same(await segmenter.segment([broken]), await segmenter.segment([mended]));
  t.ok((await segmenter.segment([silence.map(() => Number.NaN)]))[0]!.every((value) => value === 0));
  await segmenter.close();
});

for (const { name, file, message } of [
  {
    name: 'bytes that are no network',
    file: write('noise.onnx', 'nothing of the kind'),
    message: /^noise\.onnx is not an ONNX network/,
  },
  { name: 'an empty file', file: write('empty.onnx', ''), message: /^empty\.onnx is not an ONNX network/ },
  {
    name: 'a file cut off',
    file: write('cut.onnx', tinySegmentation().subarray(0, 9000)),
    message: /^cut\.onnx is not an ONNX network/,
  },
  { name: 'no file', file: join(directory, 'absent.onnx'), message: /^absent\.onnx is not an ONNX network/ },
  {
    name: 'another network',
    file: write('other.onnx', tinyEmbedding()),
    message: /^other\.onnx does not take an input of 1 × 1 × 160000/,
  },
]) {
  t.test(`${name} is refused by name`, async (t) => {
    await t.rejects(createOnnxSegmenter(file, options), { message });
  });
}
