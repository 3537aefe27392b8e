import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import t from 'tap';
import { writeNetworks } from '../../fixtures/onnx/write-networks.ts';
import { toBytes } from '../../server/audio/pcm.ts';
import { wavHeader } from '../../server/audio/wav.ts';
import { runOnFile } from './run-on-file.ts';

const directory = t.testdir();
const ffmpegMissing = (() => {
  try {
    execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'ffmpeg is not here';
  }
})();

function optionsOf(modelsDirectory: string, standIn = false) {
  const terminal = new PassThrough().resume();
  return { modelsDirectory, standIn, phantomSeconds: 0, ffmpeg: 'ffmpeg', terminal };
}

const samples = new Int16Array(13 * 16_000).fill(16_000, 32_000, 160_000);
const file = join(directory, 'steady.wav');
writeFileSync(file, Buffer.concat([wavHeader(samples.length), toBytes(samples)]));

t.test('the turns of a file, by the networks that are there', { skip: ffmpegMissing }, async (t) => {
  const models = await writeNetworks(join(directory, 'models'), 'tiny');
  const { speakers, turns } = await runOnFile(file, optionsOf(models));
  t.same(speakers, ['SPEAKER_00']);
  t.equal(turns.length, 1);
  t.ok(Math.abs(turns[0]!.start - 2) < 0.1 && Math.abs(turns[0]!.end - 10) < 0.1);
});

t.test('what cannot be is one sentence', { skip: ffmpegMissing }, async (t) => {
  const empty = join(directory, 'empty');
  mkdirSync(empty);
  await t.rejects(runOnFile(join(directory, 'absent.wav'), optionsOf(empty)), {
    message: /absent\.wav cannot be read\.$/,
  });
  const text = join(directory, 'text.wav');
  writeFileSync(text, 'not audio');
  await t.rejects(runOnFile(text, optionsOf(empty)), {
    message: /text\.wav is not audio that ffmpeg can read\.$/,
  });
  await t.rejects(runOnFile(file, optionsOf(empty)), {
    message: 'There are no diarization networks on this machine.',
  });
  await t.rejects(runOnFile(file, { ...optionsOf(empty), ffmpeg: '/nowhere/ffmpeg' }), {
    message: /cannot be run/,
  });
});
