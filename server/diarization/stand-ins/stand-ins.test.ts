import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readSamples, toInt16 } from '../../../fixtures/audio-file.ts';
import { speakConsultation } from '../../../fixtures/consultation.ts';
import { readSpeechMissing, spliceConversation } from '../../../fixtures/spliced-conversation.ts';
import { compareTurns, errorRate } from '../der.ts';
import type { WindowAnalysis } from '../diarizer.ts';
import { embeddingMasks } from '../embedder.ts';
import { loadNetworks } from '../load-networks.ts';
import { WINDOW_SAMPLES } from '../segmenter.ts';
import { analyseWindows } from '../window-analyser.ts';
import { countWindows } from '../window-work.ts';
import { findPitch } from './pitch.ts';

const networks = await loadNetworks({ modelsDirectory: undefined, threads: 1, phantomSeconds: 0 });
const { segmenter, embedder } = networks;

async function diarize(audio: Int16Array) {
  const duration = audio.length / 16_000;
  const windows: WindowAnalysis[] = [];
  for (let index = 0; index < countWindows(duration); index += 1) {
    const window = audio.subarray(index * 16_000, index * 16_000 + WINDOW_SAMPLES);
    windows.push(...(await analyseWindows(segmenter, embedder, [{ index, audio: window }])));
  }
  return networks.conclude(windows, { duration });
}

const runs = (program: string, flag: string) => {
  try {
    execFileSync(program, [flag], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const programs = runs('espeak-ng', '--version') && runs('ffmpeg', '-version');

t.test(
  'a consultation as browsers record it (Opus, 24 kbit/s) has two speakers, each turn under the right one',
  { skip: programs ? false : 'espeak-ng or ffmpeg is not here' },
  async (t) => {
    const { wav, turns } = await speakConsultation();
    const path = join(t.testdir(), 'consultation.wav');
    writeFileSync(path, wav);
    const opus = `${path}.opus`;
    execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-c:a', 'libopus', '-b:a', '24k', opus]);
    const found = await diarize(toInt16(await readSamples(opus)));
    t.equal(found.method, 'stand-in');
    t.same(found.warnings, []);
    t.same(found.speakers, ['SPEAKER_00', 'SPEAKER_01']);
    const errors = compareTurns(turns, found.turns);
    t.ok(errors.confusion < 0.02 * errors.total, `${errors.confusion} s under the wrong speaker`);
    t.ok(errorRate(errors) < 0.15, `error rate ${errorRate(errors)}`);
  },
);

t.test(
  'read speech spliced into a conversation of two is told apart',
  { skip: readSpeechMissing },
  async (t) => {
    const seed = 3;
    const { audio, turns } = await spliceConversation({ seed, speakers: 2, duration: 18 });
    const found = await diarize(toInt16(audio));
    t.comment(`seed ${seed}, error rate ${errorRate(compareTurns(turns, found.turns))}`);
    t.equal(found.speakers.length, 2);
  },
);

t.test('one speaker is one', { skip: readSpeechMissing }, async (t) => {
  const { audio } = await spliceConversation({ seed: 1, speakers: 1, duration: 11 });
  t.equal((await diarize(toInt16(audio))).speakers.length, 1);
});

t.test('silence has no speakers', async (t) => {
  const found = await diarize(new Int16Array(12 * 16_000));
  t.same([found.speakers, found.turns, found.exclusiveTurns, found.centroids], [[], [], [], []]);
});

t.test('nothing has no speakers', async (t) => {
  t.same((await diarize(new Int16Array())).turns, []);
});

t.test(
  'a session of two seconds has its speaker, and no turn past its end',
  { skip: readSpeechMissing },
  async (t) => {
    const { audio } = await spliceConversation({ seed: 2, speakers: 1, duration: 4 });
    const found = await diarize(toInt16(audio.subarray(16_000, 48_000)));
    t.equal(found.speakers.length, 1);
    t.ok(found.turns.length > 0 && found.turns.every(({ end }) => end <= 2));
  },
);

t.test('samples that are no numbers are silence', async (t) => {
  const broken = new Float32Array(WINDOW_SAMPLES).fill(Number.NaN);
  const [activity] = await segmenter.segment([broken]);
  t.ok(activity!.every((value) => value === 0));
  const embeddings = await embedder.embed(broken, [new Uint8Array(589).fill(1), new Uint8Array(589)]);
  t.ok(embeddings.subarray(0, embedder.dimension).every(Number.isFinite));
  t.ok(embeddings.subarray(embedder.dimension).every(Number.isNaN));
});

t.test('an embedding has the length one, and agrees most with itself', async (t) => {
  const tone = (hertz: number) =>
    Float32Array.from({ length: WINDOW_SAMPLES }, (_, n) => {
      const phase = (2 * Math.PI * hertz * n) / 16_000;
      return 0.1 * (Math.sin(phase) + Math.sin(2 * phase) + Math.sin(3 * phase));
    });
  const masks = embeddingMasks(
    Uint8Array.from({ length: 589 * 3 }, (_, index) => (index % 3 === 0 ? 1 : 0)),
    3,
  );
  const [low, lowAgain, high] = await Promise.all(
    [tone(110), tone(111), tone(220)].map(async (audio) => await embedder.embed(audio, masks.slice(0, 1))),
  );
  const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, k) => sum + value * b[k]!, 0);
  t.ok(Math.abs(cosine(low!, low!) - 1) < 1e-5);
  t.ok(cosine(low!, lowAgain!) > 0.9);
  t.ok(cosine(low!, high!) < 0.5);
});

t.test('the pitch of a tone is found, that of noise and silence is not', async (t) => {
  for (const hertz of [80, 120, 205, 330]) {
    const tone = Float32Array.from({ length: 1000 }, (_, n) => Math.sin((2 * Math.PI * hertz * n) / 16_000));
    t.ok(Math.abs(findPitch(tone, 0) / hertz - 1) < 0.01, `${findPitch(tone, 0)} for ${hertz} Hz`);
  }
  t.ok(Number.isNaN(findPitch(new Float32Array(1000), 0)));
  t.ok(
    Number.isNaN(
      findPitch(
        Float32Array.from({ length: 1000 }, (_, n) => Math.sin(n * n)),
        0,
      ),
    ),
  );
  t.ok(Number.isNaN(findPitch(new Float32Array(1000), 900)), 'the audio ends before');
});
