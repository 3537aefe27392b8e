import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import t, { type Test } from 'tap';
import { speakSample, voicesMissing } from '../fixtures/voices.ts';
import { createDecoderFor } from './audio/create-decoder.ts';
import { concatBytes, toBytes } from './audio/pcm.ts';
import { wavHeader } from './audio/wav.ts';
import { systemClock } from './clock.ts';
import { createCorpus } from './corpus/create-corpus.ts';
import { createTestCorpus } from './corpus/testing.ts';
import type { Diarizer } from './diarization/diarizer.ts';
import { createVoices } from './voices.ts';

const ruiz = { subject: 'dr-ruiz', tenant: 'north', roles: ['clinician' as const] };
const silva = { ...ruiz, subject: 'dr-silva' };
const owner = { tenant: 'north', owner: 'dr-ruiz' };
const VALUES = 256;

/** Hears one speaker; the more windows it has been given, the larger the values of the voice. */
function hearingOne(embedder: string): Diarizer {
  let heard = 0;
  return {
    method: 'stand-in',
    embedder,
    async analyseWindow(index) {
      heard += 1;
      return { index, activity: new Uint8Array(), frames: 0, speakers: 0, embeddings: new Float32Array() };
    },
    gather: () => ({
      advance() {},
      close() {},
      async conclude(_count, { duration }) {
        const turns = [{ speaker: 'SPEAKER_00', start: 0, end: duration }];
        const centroids = [new Float32Array(VALUES).fill(heard)];
        return {
          ...{ method: 'stand-in', speakers: ['SPEAKER_00'], turns, exclusiveTurns: turns, centroids },
          warnings: [],
        };
      },
    }),
    async close() {},
  };
}

const createDecoder = createDecoderFor({ ffmpegPath: undefined, clock: systemClock });
const wav = (samples: Int16Array) => concatBytes(wavHeader(samples.length), toBytes(samples));
const speech = voicesMissing ? new Uint8Array() : wav((await speakSample('clinician')).subarray(0, 80_000));

async function open(t: Test, embedder = 'first') {
  const { corpus, options } = await createTestCorpus(t);
  const voices = createVoices({ corpus, diarizer: hearingOne(embedder), createDecoder, newId: nanoid });
  return { corpus, options, voices };
}

t.test('a voice', { skip: voicesMissing }, async (t) => {
  t.test('is kept for whoever gave it, and for nobody else', async (t) => {
    const { corpus, voices } = await open(t);
    const kept = await voices.enrol(ruiz, 'Dr Ruiz', speech);
    t.match(kept, { name: 'Dr Ruiz', owner: 'dr-ruiz', embedder: 'first', usable: true });
    t.same(await voices.list(owner), [kept]);
    t.same(await voices.list({ tenant: 'north' }), [kept]);
    t.same(await voices.list({ tenant: 'north', owner: 'dr-silva' }), []);
    t.same(await voices.list({ tenant: 'south', owner: 'dr-ruiz' }), []);
    const [known] = await voices.known(owner);
    t.match(known, { name: 'Dr Ruiz', embedder: 'first' });
    t.same(known?.embedding, new Float32Array(VALUES).fill(known?.embedding[0] ?? 0));
    t.same(await voices.known({ ...owner, tenant: 'south' }), []);
    t.same(await corpus.sessions(), [], 'and is no session');
  });

  t.test('[C2] lies encrypted, and once erased cannot be had again from what is left', async (t) => {
    const { corpus, options, voices } = await open(t);
    await voices.enrol(ruiz, 'Dr Ruiz', speech);
    const stream = (await corpus.sessions({ kind: 'voice' }))[0]!.session;
    const { blob } = (await corpus.latest(stream, 'voice.enrolled'))!;
    const onDisk = async () => {
      const files = await readdir(options.directory);
      return Buffer.concat(await Promise.all(files.map((file) => readFile(join(options.directory, file)))));
    };
    t.notOk((await onDisk()).includes('Dr Ruiz'), 'not even the name');

    await voices.forget(ruiz, 'dr-ruiz', 'Dr Ruiz');
    t.same(await voices.list(owner), []);
    t.same(await voices.known(owner), []);
    t.equal((await corpus.summary(stream))?.state, 'erased');
    t.equal(await corpus.latest(stream, 'voice.enrolled'), undefined, 'its key is gone');
    await t.rejects(corpus.blob(stream, blob!), { code: 'NOT_FOUND' });
    t.same((await corpus.verify()).faults, [], 'and the corpus still verifies');
    await t.rejects(voices.forget(ruiz, 'dr-ruiz', 'Dr Ruiz'), { code: 'NOT_FOUND' });
  });

  t.test('recorded again takes the place of the one before, which is erased', async (t) => {
    const { corpus, voices } = await open(t);
    await voices.enrol(ruiz, 'Dr Ruiz', speech);
    await voices.enrol(silva, 'Dr Ruiz', speech);
    const [first] = await voices.known(owner);
    await voices.enrol(ruiz, 'Dr Ruiz', speech);
    const known = await voices.known(owner);
    t.equal(known.length, 1);
    t.notSame(known[0]?.embedding, first?.embedding);
    const states = (await corpus.sessions({ kind: 'voice', owner: 'dr-ruiz' })).map(({ state }) => state);
    t.same(states.sort(), ['erased', 'open']);
    t.equal((await voices.list({ tenant: 'north', owner: 'dr-silva' })).length, 1, "a colleague's stays");
  });

  t.test('is there after a restart, and of no use to another embedder', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'auscult-voices-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const options = { directory, masterKeyFile: join(directory, 'key'), reserveBytes: 0 };
    const first = await createCorpus(options);
    const before = { diarizer: hearingOne('first'), createDecoder, newId: nanoid };
    await createVoices({ ...before, corpus: first }).enrol(ruiz, 'Dr Ruiz', speech);
    await first.close();
    const corpus = await createCorpus(options);
    t.teardown(() => corpus.close());
    const voices = createVoices({ ...before, corpus, diarizer: hearingOne('second') });
    t.match(await voices.list(owner), [{ embedder: 'first', usable: false }]);
    t.match(await voices.known(owner), [{ embedder: 'first' }], 'comparing refuses it by its embedder');
  });

  t.test('whose enrolment was cut short is no voice', async (t) => {
    const { corpus, voices } = await open(t);
    await corpus.open('voice:half', { language: 'auto', owner: 'dr-ruiz', tenant: 'north' });
    t.same([await voices.list(owner), await voices.known(owner)], [[], []]);
  });
});

t.test('what is no audio is refused, and nothing is kept of it', async (t) => {
  const { corpus, voices } = await open(t);
  for (const bytes of [new Uint8Array(), Buffer.from('not audio at all, only some text'), wavHeader(0)]) {
    await t.rejects(voices.enrol(ruiz, 'Dr Ruiz', bytes), { code: 'VOICE_UNREADABLE' });
  }
  const long = wav(new Int16Array(31 * 16_000));
  await t.rejects(voices.enrol(ruiz, 'Dr Ruiz', long), { code: 'VOICE_TOO_LONG' });
  t.same(await corpus.sessions({ kind: 'voice' }), []);
});

t.test('without a diarizer there is no use for voices', async (t) => {
  const { corpus } = await createTestCorpus(t);
  const voices = createVoices({ corpus, diarizer: undefined, createDecoder, newId: nanoid });
  await t.rejects(voices.enrol(ruiz, 'Dr Ruiz', speech), { code: 'SPEAKERS_UNAVAILABLE' });
});
