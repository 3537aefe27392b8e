import t from 'tap';
import { CodedError } from '../../shared/errors.ts';
import { textOf, type Word } from '../../shared/transcript.ts';
import { createManualClock } from '../clock.ts';
import { createLiveTranscriber } from './create-live-transcriber.ts';
import type { LiveTranscriberOptions } from './live-transcriber.ts';
import {
  type Consultation,
  createConsultation,
  createRandom,
  createTestEngine,
  type RecogniserOptions,
  type TestEngine,
} from './testing/consultation.ts';
import { wordErrorRate } from './word-error-rate.ts';

const RATE = 16_000;
const seed = Number(process.env.SEED ?? 20_261_122);

function record(engine: TestEngine, options: Partial<LiveTranscriberOptions> = {}) {
  const committed: Word[] = [];
  const tails: string[] = [];
  const languages: string[] = [];
  const through: number[] = [];
  const clock = createManualClock();
  const transcriber = createLiveTranscriber({
    engine,
    clock,
    language: 'en',
    vocabulary: [],
    startAt: 0,
    committedBefore: [],
    async onCommit(words, upTo) {
      committed.push(...words);
      through.push(upTo);
    },
    onTail: (words) => tails.push(textOf(words)),
    async onLanguage(language) {
      languages.push(language);
    },
    onStatus() {},
    ...options,
  });
  return { transcriber, committed, tails, languages, through, clock };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Slices of 3 s, the first one shorter by `offset`; the engine has answered before the next comes. */
async function play(audio: Int16Array, listen: (slice: Int16Array) => void, offset = 0): Promise<void> {
  let from = 0;
  for (let to = Math.round((3 - offset) * RATE); from < audio.length; to += 3 * RATE) {
    listen(audio.subarray(from, to));
    from = to;
    await turn();
    await turn();
  }
}

async function errorsLive(consultation: Consultation, offset: number, recogniser: RecogniserOptions = {}) {
  const run = record(createTestEngine(recogniser));
  await play(consultation.audio, (slice) => run.transcriber.listen(slice), offset);
  await run.transcriber.flush();
  run.transcriber.close();
  return { ...wordErrorRate(textOf(consultation.words), textOf(run.committed)), run };
}

t.test(
  '[S2] every word of a long consultation comes out exactly once, wherever the slices are cut',
  async (t) => {
    t.comment(`seed ${seed}`);
    const consultation = createConsultation(1000, createRandom(seed));
    for (const offset of [0, 0.1, 0.7, 1.6, 2.5, 2.9]) {
      const { run, ...errors } = await errorsLive(consultation, offset);
      t.match(errors, { substitutions: 0, insertions: 0, deletions: 0 }, `offset ${offset}`);
      t.ok(
        run.committed.every((word, index) => word.start >= (run.committed[index - 1]?.end ?? 0)),
        'in order of time',
      );
    }
  },
);

t.test('[S2] times that jitter, words repeated and text on silence leave no trace', async (t) => {
  t.comment(`seed ${seed}`);
  const consultation = createConsultation(500, createRandom(seed + 1));
  for (const recogniser of [{ jitter: 0.06 }, { repeats: 0.03 }, { textOnSilence: 0.5 }]) {
    const { run, ...errors } = await errorsLive(consultation, 0.4, {
      ...recogniser,
      random: createRandom(seed + 2),
    });
    t.match(errors, { substitutions: 0, insertions: 0, deletions: 0 }, JSON.stringify(recogniser));
  }
});

t.test('[S3] through an outage nothing is dropped, and little is held in memory', async (t) => {
  const consultation = createConsultation(700, createRandom(seed + 3));
  const text = textOf(consultation.words);
  let down = true;
  let read = 0;
  const engine = createTestEngine({
    async before() {
      if (down) throw new CodedError('ENGINE_UNAVAILABLE');
    },
  });
  const run = record(engine, {
    async readAudio(from, to) {
      read += to - from;
      return consultation.audio.slice(from, to);
    },
  });
  await play(consultation.audio, (slice) => run.transcriber.listen(slice));
  t.ok(run.transcriber.behind > 200, 'it says how far behind it is');
  await t.rejects(run.transcriber.flush(), { code: 'ENGINE_UNAVAILABLE' });
  t.equal(run.committed.length, 0);
  const asked = engine.requests.length;
  down = false;
  engine.change('ready');
  await run.transcriber.flush();
  t.equal(textOf(run.committed), text);
  t.equal(run.transcriber.behind, 0);
  t.ok(read > 0, 'older audio was read back');
  const seconds = engine.requests.slice(asked).map((request) => request.audio.length / RATE);
  t.ok(Math.max(...seconds) <= 30, 'no window is longer than the engine takes');
  t.ok(Math.max(...seconds) > 20, 'windows grew');
});

t.test(
  '[S5] an engine that fails is asked again with growing pauses, and at once when it is ready',
  async (t) => {
    const { audio, words } = createConsultation(30, createRandom(seed + 4));
    let down = true;
    const engine = createTestEngine({
      async before() {
        if (down) throw new Error('no answer');
      },
    });
    const run = record(engine);
    run.transcriber.listen(audio);
    await turn();
    for (let n = 0; n < 60; n++) await run.clock.advance(1000);
    t.ok(
      engine.requests.length > 5 && engine.requests.length < 14,
      `${engine.requests.length} tries in a minute`,
    );
    down = false;
    engine.change('ready');
    for (let n = 0; n < 10; n++) await turn();
    t.ok(run.committed.length > 0, 'no need to wait');
    await run.transcriber.flush();
    t.equal(textOf(run.committed), textOf(words));
  },
);

t.test(
  '[S3] while the engine is slow one request is under way and the next window holds all that came',
  async (t) => {
    const { audio, words } = createConsultation(120, createRandom(seed + 5));
    const answers: (() => void)[] = [];
    const engine = createTestEngine({ before: () => new Promise<void>((resolve) => answers.push(resolve)) });
    const run = record(engine);
    let slices = 0;
    await play(audio, (slice) => {
      run.transcriber.listen(slice);
      if (++slices % 4 === 0) answers.shift()?.();
      t.ok(answers.length <= 1);
    });
    const flushed = run.transcriber.flush();
    let done = false;
    flushed.then(() => {
      done = true;
    });
    while (!done) {
      answers.shift()?.();
      await turn();
    }
    t.equal(textOf(run.committed), textOf(words));
  },
);

t.test('[S2] words are committed only once the corpus has them', async (t) => {
  const { audio, words } = createConsultation(60, createRandom(seed + 6));
  const stored: Word[] = [];
  let full = 3;
  const run = record(createTestEngine(), {
    async onCommit(committed) {
      if (full-- > 0) throw new Error('disk full');
      stored.push(...committed);
    },
  });
  await play(audio, (slice) => run.transcriber.listen(slice));
  for (let n = 0; n < 5; n++) await run.clock.advance(10_000);
  await run.transcriber.flush();
  t.equal(textOf(stored), textOf(words));
});

t.test('[S4] silence and pauses cost no engine time and move the text on', async (t) => {
  const engine = createTestEngine();
  const run = record(engine);
  await play(new Int16Array(60 * RATE), (slice) => run.transcriber.listen(slice));
  run.transcriber.skip(3600);
  await turn();
  const { audio, words } = createConsultation(20, createRandom(seed + 7));
  await play(audio, (slice) => run.transcriber.listen(slice));
  await run.transcriber.flush();
  t.equal(textOf(run.committed), textOf(words));
  t.ok(run.committed[0]!.start >= 3660, 'after the pause');
  const heard = engine.requests.reduce((sum, request) => sum + request.audio.length / RATE, 0);
  t.ok(heard < (3 * audio.length) / RATE, 'only speech was sent');
  t.ok(run.through.every((at, index) => index === 0 || at >= run.through[index - 1]!));
  t.ok(Math.abs(run.through.at(-1)! - (3660 + audio.length / RATE)) < 0.05, 'all was listened to');
});

t.test('the language settles on the first ten seconds of speech and is then sent', async (t) => {
  const { audio } = createConsultation(150, createRandom(seed + 8));
  let asked = 0;
  const engine = createTestEngine({
    language: () => ({ language: asked++ === 0 ? 'pt' : 'es', languageProbability: 0.8 }),
  });
  const run = record(engine, { language: 'auto' });
  await play(audio, (slice) => run.transcriber.listen(slice));
  t.same(run.languages, ['es'], 'once, and by majority');
  t.equal(engine.requests[0]!.language, 'auto');
  t.equal(engine.requests.at(-1)!.language, 'es');
  run.transcriber.close();
});

t.test('a session shorter than that is settled at its end', async (t) => {
  const { audio } = createConsultation(5, createRandom(seed + 9));
  const run = record(createTestEngine(), { language: 'auto' });
  run.transcriber.listen(audio);
  await run.transcriber.flush();
  t.same(run.languages, ['en']);
});

t.test('a flush in the middle of a word commits what was heard of it', async (t) => {
  const { audio, words } = createConsultation(10, createRandom(seed + 10));
  const middle = Math.round(((words[5]!.start + words[5]!.end) / 2) * RATE);
  const run = record(createTestEngine());
  run.transcriber.listen(audio.subarray(0, middle));
  await run.transcriber.flush();
  t.equal(run.committed.length, 6);
  t.equal(textOf(run.committed.slice(0, 5)), textOf(words.slice(0, 5)));
  t.same(run.tails.at(-1), '', 'nothing is left in the tail');
});

t.test('after a restart the next transcriber goes on at the last commit', async (t) => {
  const consultation = createConsultation(200, createRandom(seed + 11));
  const { audio } = consultation;
  const first = record(createTestEngine());
  await play(audio.subarray(0, 31 * RATE), (slice) => first.transcriber.listen(slice));
  first.transcriber.close();
  const startAt = first.through.at(-1)!;
  const readAudio = async (from: number, to: number) => audio.slice(from, to);
  const second = record(createTestEngine(), { startAt, committedBefore: first.committed, readAudio });
  await play(audio.subarray(Math.round(startAt * RATE)), (slice) => second.transcriber.listen(slice));
  await second.transcriber.flush();
  t.equal(textOf([...first.committed, ...second.committed]), textOf(consultation.words));
});

t.test('the engine is told the terms and the words before its window', async (t) => {
  const { audio } = createConsultation(60, createRandom(seed + 12));
  const engine = createTestEngine();
  const run = record(engine, { vocabulary: ['metformin', 'Dr Ferreira'] });
  await play(audio, (slice) => run.transcriber.listen(slice));
  await run.transcriber.flush();
  t.equal(engine.requests[0]!.prompt, 'metformin, Dr Ferreira.');
  const last = engine.requests.at(-1)!.prompt!;
  t.ok(textOf(run.committed).includes(last.split('Ferreira. ')[1]!));
});

t.test('closing during a request ends it and nothing comes after', async (t) => {
  const { audio } = createConsultation(20, createRandom(seed + 13));
  let answer = () => {};
  const engine = createTestEngine({
    before: () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
  });
  const run = record(engine);
  run.transcriber.listen(audio);
  await turn();
  run.transcriber.close();
  t.ok(engine.requests[0]!.signal?.aborted);
  answer();
  await turn();
  await run.clock.advance(60_000);
  t.equal(run.committed.length, 0);
  t.equal(engine.requests.length, 1);
});

t.test(
  '[S2] the newest words are shown before the whole window is heard, and change nothing of what is certain',
  async (t) => {
    const consultation = createConsultation(200, createRandom(seed));
    const engine = createTestEngine();
    const run = record(engine);
    await play(consultation.audio, (slice) => run.transcriber.listen(slice));
    await run.transcriber.flush();
    run.transcriber.close();
    t.equal(textOf(run.committed), textOf(consultation.words));
    const lengths = engine.requests.map(({ audio }) => audio.length);
    const glances = lengths.filter((length, index) => length <= (lengths[index + 1] ?? 0) - 1.5 * RATE);
    t.ok(
      glances.length > 0,
      `${glances.length} of ${lengths.length} requests were for the newest words alone`,
    );
  },
);
