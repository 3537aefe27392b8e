import t from 'tap';
import { systemClock } from '../clock.ts';
import { createDecoderFor } from './create-decoder.ts';
import { fuzzDecoders } from './fuzz-decoders.ts';
import { encode, hasFfmpeg, seededRandom, tone, wavFile } from './test-audio.ts';

const seed = Math.floor(Math.random() * 2 ** 31);
const samples = tone(1.5);
const wav = { mime: 'audio/wav', bytes: wavFile(samples) };
const needsFfmpeg = { skip: hasFfmpeg ? false : 'ffmpeg is not installed' };

function fuzz(files: { mime: string; bytes: Uint8Array }[], count: number, ffmpegPath?: string) {
  const create = createDecoderFor({ ffmpegPath, clock: systemClock });
  t.comment(`seed ${seed}`);
  return fuzzDecoders({ create, files, count, random: seededRandom(seed) });
}

t.test('180 mutated files through the decoders in process', needsFfmpeg, async (t) => {
  const webm = { mime: 'audio/webm;codecs=opus', bytes: encode(samples, 'webm') };
  const ogg = { mime: 'audio/ogg;codecs=opus', bytes: encode(samples, 'ogg') };
  const report = await fuzz([webm, ogg, wav], 180);
  t.match(report, { files: 180, crashes: [], oversized: 0, notRecovered: 0 });
  t.ok(report.decoded > 0 && report.refused > 0, `${report.decoded} decoded, ${report.refused} refused`);
});

t.test('4 mutated files through ffmpeg', needsFfmpeg, async (t) => {
  const files = (['mp4', 'flac'] as const).map((name) => ({
    mime: 'audio/mp4',
    bytes: encode(samples, name),
  }));
  const report = await fuzz(files, 4, 'ffmpeg');
  t.match(report, { files: 4, crashes: [], oversized: 0, notRecovered: 0 });
});
