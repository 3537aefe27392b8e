import t from 'tap';
import { CodedError } from '../../shared/errors.ts';
import { textOf } from '../../shared/transcript.ts';
import { createManualClock } from '../clock.ts';
import { finalWords } from './final-words.ts';
import { createSecondPass, type SecondPassOptions, type StretchTranscribed } from './second-pass.ts';
import {
  createConsultation,
  createRandom,
  createTestEngine,
  type TestEngine,
} from './testing/consultation.ts';
import { wordErrorRate } from './word-error-rate.ts';

const RATE = 16_000;
const seed = Number(process.env.SEED ?? 20_261_122);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function start(audio: Int16Array, engine: TestEngine, options: Partial<SecondPassOptions> = {}) {
  const stretches: StretchTranscribed[] = [];
  const clock = createManualClock();
  const pass = createSecondPass({
    engine,
    clock,
    readAudio: async (from, to) => audio.slice(from, to),
    language: () => 'en',
    vocabulary: () => [],
    done: [],
    async onStretch(stretch) {
      stretches.push(stretch);
    },
    ...options,
  });
  return { pass, stretches, clock, duration: audio.length / RATE };
}

const bounds = (stretches: StretchTranscribed[]) =>
  stretches.map((stretch) => [stretch.start, stretch.end]).sort((a, b) => a[0]! - b[0]!);

t.test('[F2] the final text of a long consultation holds every word exactly once', async (t) => {
  t.comment(`seed ${seed}`);
  const { audio, words } = createConsultation(2000, createRandom(seed));
  const engine = createTestEngine({
    textOnSilence: 0.3,
    repeats: 0.02,
    jitter: 0.03,
    random: createRandom(seed + 1),
  });
  const { pass, stretches, duration } = start(audio, engine);
  await pass.finish(duration);
  const final = finalWords(stretches, []);
  t.match(wordErrorRate(textOf(words), textOf(final)), { substitutions: 0, insertions: 0, deletions: 0 });
  t.ok(
    engine.requests.every((request) => request.audio.length <= 30 * RATE),
    'no request is longer than the engine takes',
  );
  t.ok(
    engine.requests.every((request) => request.priority === 'background'),
    'the live pass goes first',
  );
  const cuts = bounds(stretches);
  t.equal(cuts[0]![0], 0);
  t.equal(cuts.at(-1)![1], duration);
  t.ok(
    cuts.every(([from], index) => index === 0 || from === cuts[index - 1]![1]),
    'stretches adjoin',
  );
});

t.test(
  '[F2] the cuts are the same however the audio arrived and however many workers there are',
  async (t) => {
    const { audio } = createConsultation(400, createRandom(seed + 2));
    const whole = start(audio, createTestEngine(), { concurrency: 4 });
    await whole.pass.finish(whole.duration);
    for (const step of [1.7, 3, 11]) {
      const live = start(audio, createTestEngine());
      for (let through = step; through < live.duration; through += step) {
        live.pass.advance(through);
        await turn();
      }
      await live.pass.finish(live.duration);
      t.same(bounds(live.stretches), bounds(whole.stretches), `in steps of ${step} s`);
    }
  },
);

t.test('[F2] what the finish adds does not grow with the session', async (t) => {
  const { audio } = createConsultation(1200, createRandom(seed + 3));
  const engine = createTestEngine();
  const { pass, duration } = start(audio, engine);
  for (let through = 3; through < duration; through += 3) {
    pass.advance(through);
    for (let n = 0; n < 4; n++) await turn();
  }
  const before = engine.requests.length;
  await pass.finish(duration);
  t.ok(before > 15, 'most was heard while the session went on');
  t.ok(engine.requests.length - before <= 2, 'only the tail was left');
});

t.test('[F1] after a restart only the missing stretches are heard', async (t) => {
  const { audio, words } = createConsultation(500, createRandom(seed + 4));
  const first = start(audio, createTestEngine());
  await first.pass.finish(first.duration);
  const missing = first.stretches.filter((_, index) => index === 2 || index > 5);
  const done = first.stretches.filter((stretch) => !missing.includes(stretch)).toReversed();
  const engine = createTestEngine();
  const again = start(audio, engine, { done });
  await again.pass.finish(again.duration);
  t.same(bounds(again.stretches), bounds(missing));
  t.equal(engine.requests.length, missing.length);
  t.equal(textOf(finalWords([...done, ...again.stretches], [])), textOf(words));
});

t.test('[F3] an engine that fails in the background is asked again later, and nothing is lost', async (t) => {
  const { audio, words } = createConsultation(300, createRandom(seed + 5));
  let failing = true;
  const engine = createTestEngine({
    async before() {
      if (failing) throw new CodedError('ENGINE_UNAVAILABLE');
    },
  });
  const { pass, stretches, clock, duration } = start(audio, engine);
  pass.advance(duration);
  await turn();
  for (let n = 0; n < 5; n++) await clock.advance(60_000);
  t.ok(engine.requests.length > 1 && engine.requests.length < 12, 'asked again, ever more rarely');
  failing = false;
  await clock.advance(60_000);
  await pass.finish(duration);
  t.equal(textOf(finalWords(stretches, [])), textOf(words));
});

t.test('[F3] a finish without an engine rejects in the end', async (t) => {
  const { audio } = createConsultation(20, createRandom(seed + 6));
  const engine = createTestEngine({ before: () => Promise.reject(new Error('down')) });
  const { pass, clock, duration } = start(audio, engine);
  const finished = t.rejects(pass.finish(duration), { code: 'ENGINE_UNAVAILABLE' });
  for (let n = 0; n < 12; n++) await clock.advance(10_000);
  await finished;
});

t.test('[S4] an hour of silence costs no engine time and is still accounted for', async (t) => {
  const engine = createTestEngine();
  const { pass, stretches } = start(new Int16Array(3600 * RATE), engine);
  await pass.finish(3600);
  t.equal(engine.requests.length, 0);
  t.equal(bounds(stretches).at(-1)![1], 3600);
});

t.test('a stretch is heard with the text before it and the terms', async (t) => {
  const { audio } = createConsultation(200, createRandom(seed + 7));
  const engine = createTestEngine();
  const { pass, stretches, duration } = start(audio, engine, { vocabulary: () => ['metformin'] });
  await pass.finish(duration);
  const said = textOf(stretches[0]!.words.slice(-5));
  t.ok(engine.requests[1]!.prompt?.startsWith('metformin. '));
  t.ok(engine.requests[1]!.prompt?.endsWith(said));
});
