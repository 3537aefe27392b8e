import t from 'tap';
import { systemClock } from '../clock.ts';
import { createDecoderFor } from './create-decoder.ts';
import { type Subject, streamDecoderContract } from './stream-decoder-contract.ts';
import { encode, hasFfmpeg, tone, wavFile } from './test-audio.ts';

const seed = Number(process.env.SEED ?? 20_240_501);
const create = createDecoderFor({ ffmpegPath: 'ffmpeg', clock: systemClock });
const samples = tone(3.0107);
const needsFfmpeg = { skip: hasFfmpeg ? false : 'ffmpeg is not installed' };
const common = { create, samples, pieceBytes: 900 };

t.test('WAV', (t) => {
  const file = wavFile(samples);
  return streamDecoderContract(
    t,
    { ...common, mime: 'audio/wav', file, tolerance: 0, likeness: 0.999999 },
    seed,
  );
});

const encoded: [string, Parameters<typeof encode>[1], Omit<Subject, 'create' | 'samples' | 'file'>][] = [
  ['WebM/Opus', 'webm', { mime: 'audio/webm;codecs=opus', tolerance: 1, likeness: 0.99, pieceBytes: 100 }],
  ['Ogg/Opus', 'ogg', { mime: 'audio/ogg;codecs=opus', tolerance: 1, likeness: 0.99, pieceBytes: 100 }],
  ['MP4/AAC through ffmpeg', 'mp4', { mime: 'audio/mp4', tolerance: 2100, likeness: 0.9, pieceBytes: 4000 }],
  [
    'WAV at 48 kHz stereo through ffmpeg',
    'wav48',
    { mime: 'audio/wav', tolerance: 40, likeness: 0.99, pieceBytes: 60_000 },
  ],
];
for (const [name, encoding, properties] of encoded) {
  t.test(name, needsFfmpeg, (t) =>
    streamDecoderContract(t, { ...common, ...properties, file: encode(samples, encoding) }, seed),
  );
}
