import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readSamples } from '../../fixtures/audio-file.ts';
import { computeFilterBanks, FRAME_SAMPLES, frameCountOf, MEL_BINS, subtractMean } from './features.ts';
import { parseNpy } from './npz.ts';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));
const skip = existsSync(shared) ? false : 'the recordings are not here';

for (const { name, audio } of [
  { name: 'jfk', audio: 'audio/jfk.wav' },
  { name: 'ami-dev00', audio: 'audio/ami/dev00.wav' },
]) {
  t.test(`filter banks agree with Kaldi's on ${name}`, { skip }, async (t) => {
    const golden = parseNpy(readFileSync(`${shared}golden/fbank/${name}.npy`));
    const samples = (await readSamples(`${shared}${audio}`)).subarray(0, 160_000);
    const { frames, bins, data } = computeFilterBanks(samples);
    t.same([frames, bins], golden.shape);
    let difference = 0;
    data.forEach((value, index) => {
      difference = Math.max(difference, Math.abs(value - Number(golden.data[index])));
    });
    t.comment(`largest difference ${difference}`);
    t.ok(difference < 1e-3, `largest difference ${difference}`);
  });
}

t.test('silence is the logarithm of the smallest number, not minus infinity', async (t) => {
  const { frames, data } = computeFilterBanks(new Float32Array(1600));
  t.equal(frames, 8);
  t.ok(data.every((value) => Math.abs(value - Math.log(2 ** -23)) < 1e-5));
});

t.test('only whole frames count', async (t) => {
  t.equal(frameCountOf(FRAME_SAMPLES - 1), 0);
  t.equal(frameCountOf(FRAME_SAMPLES), 1);
  t.equal(frameCountOf(160_000), 998);
  t.same(computeFilterBanks(new Float32Array(10)), { frames: 0, bins: MEL_BINS, data: new Float32Array() });
});

t.test('after the mean is subtracted every bin averages zero', async (t) => {
  const noise = Float32Array.from({ length: 4000 }, (_, n) => Math.sin(n * n));
  const { frames, bins, data } = subtractMean(computeFilterBanks(noise));
  for (let bin = 0; bin < bins; bin += 1) {
    let sum = 0;
    for (let frame = 0; frame < frames; frame += 1) sum += data[frame * bins + bin]!;
    t.ok(Math.abs(sum / frames) < 1e-5);
  }
});
