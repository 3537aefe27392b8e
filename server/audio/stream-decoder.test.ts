import t from 'tap';
import { systemClock } from '../clock.ts';
import { createDecoderFor } from './create-decoder.ts';
import { fromBytes } from './pcm.ts';
import { streamDecoderContract } from './stream-decoder-contract.ts';
import { decodeByFfmpeg, encode, hasFfmpeg, tone, wavFile } from './test-audio.ts';

const seed = Math.floor(Math.random() * 2 ** 31);
const create = createDecoderFor({ ffmpegPath: 'ffmpeg', clock: systemClock });
const samples = tone(3.0107);
const needsFfmpeg = { skip: hasFfmpeg ? false : 'ffmpeg is not installed' };

t.test('WAV', (t) => {
  const file = wavFile(samples);
  return streamDecoderContract(
    t,
    { create, samples, mime: 'audio/wav', file, tolerance: 0, likeness: 0.999999, pieceBytes: 900 },
    seed,
  );
});

const opus = { samples, tolerance: 1, likeness: 0.99, pieceBytes: 100 };
t.test('WebM/Opus', needsFfmpeg, (t) => {
  return streamDecoderContract(
    t,
    { create, ...opus, mime: 'audio/webm;codecs=opus', file: encode(samples, 'webm') },
    seed,
  );
});
t.test('Ogg/Opus', needsFfmpeg, (t) => {
  return streamDecoderContract(
    t,
    { create, ...opus, mime: 'audio/ogg;codecs=opus', file: encode(samples, 'ogg') },
    seed,
  );
});
// AAC begins with a thousand samples that were not in the original, so here ffmpeg's own reading is the measure.
t.test('MP4/AAC through ffmpeg', needsFfmpeg, (t) => {
  const file = encode(samples, 'mp4');
  const expected = { samples: fromBytes(decodeByFfmpeg(file)), tolerance: 0, likeness: 0.999999 };
  return streamDecoderContract(t, { create, ...expected, mime: 'audio/mp4', file, pieceBytes: 4000 }, seed);
});
t.test('WAV at 48 kHz stereo through ffmpeg', needsFfmpeg, (t) => {
  const subject = { create, samples, tolerance: 16, likeness: 0.9999, pieceBytes: 60_000 };
  return streamDecoderContract(t, { ...subject, mime: 'audio/wav', file: encode(samples, 'wav48') }, seed);
});
