import { createHash } from 'node:crypto';
import t from 'tap';
import type { CorpusEvent, NewEvent } from '../../shared/events.ts';
import type { Corpus } from '../corpus/corpus.ts';
import { concatBytes, concatSamples, toBytes } from './pcm.ts';
import { createSessionAudio } from './session-audio.ts';
import { audioStored, createSessionAudioRecorder, STRETCH_SAMPLES } from './session-audio-recorder.ts';
import { cut, seededRandom, tone, wavFile } from './test-audio.ts';

const session = 'session-0';

/** The part of the corpus that is read here, in memory; counts the events that were gone through. */
function memoryCorpus() {
  const events: CorpusEvent[] = [];
  const blobs: Uint8Array[] = [];
  const counts = { events: 0, blobs: 0 };
  const append = (event: NewEvent) => {
    if (event.blob) blobs.push(event.blob);
    const { blob, ...rest } = event;
    events.push({
      ...rest,
      session,
      n: events.length + 1,
      at: '',
      ...(blob && { blob: String(blobs.length - 1) }),
    } as CorpusEvent);
  };
  const corpus = {
    async *events(_session: string, after = 0) {
      for (const event of events.slice(after)) {
        counts.events++;
        yield event;
      }
    },
    async blob(_session: string, address: string) {
      counts.blobs++;
      return blobs[Number(address)]!;
    },
  } as unknown as Corpus;
  return { corpus, append, counts };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return concatBytes(...parts);
}

const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

t.test('slices and gaps become one file, exact to the sample', async (t) => {
  const { corpus, append } = memoryCorpus();
  const sound = tone(75.3);
  const recorder = createSessionAudioRecorder();
  const store = (stretches: Iterable<Parameters<typeof audioStored>[0]>) => {
    for (const stretch of stretches) append(audioStored(stretch));
  };
  store(recorder.add(0, sound.subarray(0, 47_040)));
  store(recorder.addGap(47_040 + 700_001));
  store(recorder.add(747_041, sound.subarray(47_040)));
  store(recorder.close());
  store(recorder.close());
  const expected = concatSamples([
    sound.subarray(0, 47_040),
    new Int16Array(700_001),
    sound.subarray(47_040),
  ]);
  const audio = createSessionAudio(corpus);
  const wav = await audio.wav(session);
  const file = await collect(wav.stream());
  t.equal(wav.bytes, file.length);
  t.ok(isSame(file, wavFile(expected)), 'the WAV');
  t.equal(await audio.digest(session), createHash('sha256').update(file.subarray(44)).digest('hex'));

  const random = seededRandom(7);
  for (let i = 0; i < 40; i++) {
    const from = Math.floor(random() * file.length * (i % 2 ? 1 : 0.0001));
    const to = Math.min(file.length, from + Math.floor(random() * 1_200_000));
    t.ok(isSame(await collect(wav.stream(from, to)), file.subarray(from, to)), `bytes ${from} to ${to}`);
  }
  for (const [from, to] of [
    [0, 0],
    [5, 5000],
    [470_000, 970_000],
    [expected.length - 3, expected.length],
  ] as const) {
    const read = await audio.read(session, from, to);
    t.ok(isSame(toBytes(read), toBytes(expected.subarray(from, to))), `samples ${from} to ${to}`);
  }
  await t.rejects(audio.read(session, 0, expected.length + 1), RangeError);
});

t.test('after a restart the stored part is passed over and the rest is the same', async (t) => {
  const sound = tone(70);
  const pieces = cut(toBytes(sound), 60_000, seededRandom(3)).map((piece) => piece.length >> 1);
  const before = createSessionAudioRecorder();
  const stored = [...before.add(0, sound.subarray(0, 50 * 16_000))];
  t.equal(before.closedThrough, STRETCH_SAMPLES);
  t.equal(before.endSample, 50 * 16_000);
  const after = createSessionAudioRecorder(before.closedThrough);
  let at = 0;
  for (const length of pieces) {
    stored.push(...after.add(at, sound.subarray(at, at + length)));
    at += length;
  }
  stored.push(...after.add(at, sound.subarray(at)), ...after.close());
  t.ok(isSame(toBytes(concatSamples(stored.map(({ samples }) => samples))), toBytes(sound)));
  for (const [index, stretch] of stored.entries()) t.equal(stretch.startSample, index * STRETCH_SAMPLES);
});

t.test('each event is read once, and the hash of an unchanged file is not computed again', async (t) => {
  const { corpus, append, counts } = memoryCorpus();
  for (let i = 0; i < 500; i++) append({ type: 'session.read', data: { by: 'someone', what: 'nothing' } });
  append(audioStored({ startSample: 0, samples: tone(1) }));
  const audio = createSessionAudio(corpus);
  const lengths = await Promise.all([
    audio.storedSamples(session),
    audio.storedSamples(session),
    audio.read(session, 5, 9),
  ]);
  t.same(lengths.slice(0, 2), [16_000, 16_000]);
  t.equal(counts.events, 501);
  append(audioStored({ startSample: 16_000, samples: tone(2) }));
  t.equal(await audio.storedSamples(session), 48_000);
  t.equal(counts.events, 502);
  const first = await audio.digest(session);
  const { blobs } = counts;
  t.equal(await audio.digest(session), first);
  t.equal(counts.blobs, blobs);
  append(audioStored({ startSample: 48_000, samples: tone(1) }));
  t.not(await audio.digest(session), first);
  t.equal(counts.blobs, blobs + 1, '[F2] only what is new is read');
});

t.test('a missing stretch is CORRUPT, and no audio is an empty file', async (t) => {
  const { corpus, append } = memoryCorpus();
  const audio = createSessionAudio(corpus);
  t.ok(isSame(await collect((await audio.wav(session)).stream()), wavFile(new Int16Array())));
  append(audioStored({ startSample: 16_000, samples: tone(1) }));
  await t.rejects(audio.read(session, 0, 1), { code: 'CORRUPT' });
});
