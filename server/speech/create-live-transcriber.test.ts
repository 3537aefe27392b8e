import t from 'tap';
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
    const consultation = createConsultation(1500, createRandom(seed));
    for (const offset of [0, 0.1, 0.7, 1.3, 1.9, 2.5, 2.9]) {
      const { run, ...errors } = await errorsLive(consultation, offset);
      t.match(errors, { substitutions: 0, insertions: 0, deletions: 0 }, `offset ${offset}`);
      t.ok(
        run.committed.every((word, index) => word.start >= (run.committed[index - 1]?.end ?? 0)),
        'in order of time',
      );
    }
  },
);
