/** What holds for every engine, whatever is behind it. */
import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';
import { cacheDirectory } from '../../../fixtures/engines/cache-directory.ts';
import { reached } from '../../../fixtures/engines/state.ts';
import { createToneEngine, startToneServer } from '../../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../../fixtures/engines/tone-speech.ts';
import { standInModel, standInWords } from '../../../fixtures/whisper-model/stand-in-model.ts';
import { textOf } from '../../../shared/transcript.ts';
import { systemClock } from '../../clock.ts';
import type { Engine } from '../engine.ts';
import { findPocketsphinx } from '../stand-ins/pocketsphinx.ts';
import { createEngine } from './create-engine.ts';
import { findWhisperServer } from './find-whisper-server.ts';
import { decodeWav } from './wav.ts';

interface Subject {
  name: string;
  /** Undefined where this machine lacks it; the reason is shown. */
  make(): Promise<{ engine: Engine; after?(): Promise<void> } | string>;
  audio: Int16Array;
  /** What is heard in it, exactly or as a pattern. */
  expected: RegExp;
}

const searchPath = process.env.PATH ?? '';
const jfk = '../shared/audio/jfk.wav';
const tones = renderToneSpeech(randomToneWords(8, 1), { seed: 1 });
const options = { clock: systemClock };

const subjects: Subject[] = [
  {
    name: 'the tone recogniser in this process',
    audio: tones.audio,
    expected: new RegExp(`^${textOf(tones.words)}$`),
    make: async () => ({ engine: createToneEngine() }),
  },
  {
    name: 'a pool over the tone recogniser by HTTP',
    audio: tones.audio,
    expected: new RegExp(`^${textOf(tones.words)}$`),
    async make() {
      const server = await startToneServer();
      const engine = await createEngine({ ...options, whisperUrls: [server.url] });
      return { engine: engine!, after: () => server.close() };
    },
  },
  {
    name: 'a pool over whisper-server with a stand-in model',
    audio: tones.audio.subarray(0, 48_000),
    expected: new RegExp(`^${standInWords.join(' ')}$`),
    async make() {
      const whisperServerBin = await findWhisperServer({ cacheDirectory, searchPath });
      if (whisperServerBin === undefined) return 'whisper-server has not been built';
      const modelPath = await standInModel('tiny', cacheDirectory);
      return { engine: (await createEngine({ ...options, whisperServerBin, modelPath, workers: 1 }))! };
    },
  },
  {
    name: 'a pool over PocketSphinx',
    audio: existsSync(jfk) ? decodeWav(readFileSync(jfk)).subarray(0, 96_000) : new Int16Array(0),
    expected: /fellow americ/,
    async make() {
      if (!existsSync(jfk)) return `${jfk} is absent`;
      if ((await findPocketsphinx(searchPath)) === undefined) return 'PocketSphinx is not installed';
      return { engine: (await createEngine({ ...options, pocketsphinx: true, searchPath, workers: 1 }))! };
    },
  },
];

for (const { name, make, audio, expected } of subjects) {
  t.test(name, async (t) => {
    const made = await make();
    if (typeof made === 'string') return t.plan(0, made);
    const { engine, after } = made;
    t.teardown(async () => {
      await engine.close();
      await after?.();
    });
    await reached(engine, 'ready');
    const ask = { audio, language: 'en', priority: 'live' as const };

    await t.test('hears words in order, with times within the audio', async (t) => {
      const heard = await engine.transcribe(ask);
      t.match(textOf(heard.words), expected);
      t.equal(heard.language, 'en');
      let earliest = 0;
      for (const { start, end, probability, text } of heard.words) {
        t.ok(start >= earliest && end >= start && end <= audio.length / 16_000 && probability <= 1, text);
        t.equal(text, text.trim());
        earliest = start;
      }
    });

    await t.test('settles the language where it is left open', async (t) => {
      const heard = await engine.transcribe({ ...ask, language: 'auto' });
      t.equal(heard.language, 'en');
      t.ok(heard.languageProbability! > 0.5);
    });

    await t.test('takes a prompt, a background request and the shortest audio', async (t) => {
      await engine.transcribe({ ...ask, prompt: 'ramipril, metformin', priority: 'background' });
      const short = await engine.transcribe({ ...ask, audio: audio.subarray(0, 800) });
      for (const { end } of short.words) t.ok(end <= 0.05);
      t.strictSame((await engine.transcribe({ ...ask, audio: new Int16Array(0) })).words, []);
    });

    await t.test('answers many at once', async (t) => {
      const answers = await Promise.all([1, 2, 3].map(() => engine.transcribe(ask)));
      for (const heard of answers) t.match(textOf(heard.words), expected);
    });

    await t.test('heeds the signal, and works on', async (t) => {
      const reason = new Error('given up');
      await t.rejects(engine.transcribe({ ...ask, signal: AbortSignal.abort(reason) }), {
        message: 'given up',
      });
      const later = new AbortController();
      const answer = engine.transcribe({ ...ask, signal: later.signal });
      later.abort(reason);
      await answer.then(
        () => t.pass('it was faster'),
        (error) => t.equal(error, reason),
      );
      t.match(textOf((await engine.transcribe(ask)).words), expected);
    });
  });
}
