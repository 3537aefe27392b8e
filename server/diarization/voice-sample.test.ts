import t from 'tap';
import { speakSample, voicesMissing } from '../../fixtures/voices.ts';
import { concatSamples } from '../audio/pcm.ts';
import type { ConcludeOptions, WindowAnalysis } from './diarizer.ts';
import { loadNetworks } from './load-networks.ts';
import { nameSpeakers } from './name-speakers.ts';
import { hearVoice } from './voice-sample.ts';
import { analyseWindows } from './window-analyser.ts';

const networks = await loadNetworks({ modelsDirectory: undefined, threads: 1, phantomSeconds: 0 });
const diarizer = {
  async analyseWindow(index: number, audio: Int16Array) {
    return (await analyseWindows(networks.segmenter, networks.embedder, [{ index, audio }]))[0]!;
  },
  gather: (read: (index: number) => Promise<WindowAnalysis>) => ({
    advance() {},
    async conclude(count: number, options: ConcludeOptions) {
      const indices = Array.from({ length: count }, (_, index) => index);
      return networks.conclude(await Promise.all(indices.map(read)), options);
    },
    close() {},
  }),
};
const hear = (audio: Int16Array) => hearVoice(diarizer, audio);

t.test('what is silent or nearly so is too quiet, nothing at all as well', async (t) => {
  await t.rejects(hear(new Int16Array(80_000)), { code: 'VOICE_TOO_QUIET' });
  await t.rejects(hear(new Int16Array()), { code: 'VOICE_TOO_QUIET' });
});

t.test('what is too long is not looked at', async (t) => {
  await t.rejects(hear(new Int16Array(30 * 16_000 + 1)), { code: 'VOICE_TOO_LONG' });
});

t.test('a voice of synthetic speech', { skip: voicesMissing }, async (t) => {
  const clinician = await speakSample('clinician');
  const other = await speakSample('patient');
  const first = clinician.subarray(0, 5 * 16_000);
  const voice = await hear(first);
  t.ok(voice.seconds > 3 && voice.seconds <= 5, `${voice.seconds} s`);
  t.ok(voice.embedding.every(Number.isFinite));

  t.test('is known again in other words, and another voice is not taken for it', async (t) => {
    const again = await hear(clinician.subarray(6 * 16_000, 11 * 16_000));
    const stranger = await hear(other.subarray(6 * 16_000, 11 * 16_000));
    const known = [{ name: 'Dr Ruiz', embedder: 'e', embedding: voice.embedding }];
    const heard = { embedder: 'e', centroids: [stranger.embedding, again.embedding] };
    t.same(nameSpeakers(heard, known, 0.6), [undefined, 'Dr Ruiz']);
  });

  const scaled = (factor: number) =>
    first.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample * factor))));
  const cases: [code: string, audio: Int16Array][] = [
    ['VOICE_TOO_SHORT', first.subarray(0, 2 * 16_000)],
    ['VOICE_TOO_QUIET', scaled(0.01)],
    ['VOICE_CLIPPED', scaled(50)],
    ['VOICE_NOT_ALONE', concatSamples([first, other.subarray(6 * 16_000, 10 * 16_000)])],
  ];
  for (const [code, audio] of cases) {
    t.test(`is refused with ${code}`, async (t) => {
      await t.rejects(hear(audio), { code });
    });
  }
});
