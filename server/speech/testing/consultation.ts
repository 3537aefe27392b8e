/**
 * A consultation whose audio says by itself which words it holds, and an engine that hears them back: each word is a
 * square wave whose level is its number. Words that the edge of the audio cuts are misheard, as real engines do.
 */
import type { EngineDescription } from '../../../shared/events.ts';
import type { Word } from '../../../shared/transcript.ts';
import { SAMPLE_RATE } from '../../audio/stream-decoder.ts';
import type { Engine, Hypothesis, TranscriptionRequest } from '../engine.ts';

const QUIETEST_WORD = 6000;
const HALF_PERIOD = 20;

export type Random = () => number;

/** mulberry32: small, seeded, good enough to draw tests with. */
export function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A few hundred different words, each of its own length, so that they recur as words do. */
const VOCABULARY = 400;
const samplesOf = (id: number): number => 1600 + (((id * 2654435761) >>> 0) % 9000);

export interface Consultation {
  audio: Int16Array;
  words: Word[];
}

export function createConsultation(count: number, random: Random): Consultation {
  const words: Word[] = [];
  const spans: { id: number; from: number; to: number }[] = [];
  let at = Math.floor(random() * SAMPLE_RATE);
  let id = 0;
  for (let index = 0; index < count; index++) {
    // Now and then the same word follows itself, as in "no, no".
    if (index === 0 || random() > 0.04) id = Math.floor(random() * VOCABULARY);
    const to = at + samplesOf(id);
    spans.push({ id, from: at, to });
    words.push({ text: `w${id}`, start: at / SAMPLE_RATE, end: to / SAMPLE_RATE, probability: 1 });
    const draw = random();
    const pause = draw < 0.85 ? 0.04 + random() * 0.1 : draw < 0.97 ? 0.2 + random() * 0.8 : 1 + random() * 4;
    at = to + Math.floor(pause * SAMPLE_RATE);
  }
  const audio = new Int16Array(at);
  for (const { id, from, to } of spans)
    for (let n = from; n < to; n++)
      audio[n] = (QUIETEST_WORD + id) * (Math.floor((n - from) / HALF_PERIOD) % 2 === 0 ? 1 : -1);
  return { audio, words };
}

export interface RecogniserOptions {
  /** Chance that a word is written twice in one answer. */
  repeats?: number;
  /** Chance of text on a second of silence. */
  textOnSilence?: number;
  /** Seconds by which times are off, at most. */
  jitter?: number;
  random?: Random;
  language?(request: TranscriptionRequest): { language: string; languageProbability: number };
  /** Called before each answer; may reject, or take its time. */
  before?(request: TranscriptionRequest): Promise<void>;
}

export interface TestEngine extends Engine {
  readonly requests: TranscriptionRequest[];
  change(state: Engine['state']): void;
}

const description: EngineDescription = { name: 'test', model: 'levels' };

export function createTestEngine(options: RecogniserOptions = {}): TestEngine {
  const requests: TranscriptionRequest[] = [];
  const listeners = new Set<() => void>();
  let state: Engine['state'] = 'ready';
  return {
    description,
    workers: 1,
    requests,
    async transcribe(request) {
      requests.push(request);
      await options.before?.(request);
      return recognise(request, options);
    },
    get state() {
      return state;
    },
    change(next) {
      state = next;
      for (const listener of listeners) listener();
    },
    async whenQuiet() {},
    onStateChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {},
  };
}

function recognise(request: TranscriptionRequest, options: RecogniserOptions): Hypothesis {
  const { audio } = request;
  const random = options.random ?? (() => 1);
  const words: Word[] = [];
  const add = (text: string, from: number, to: number) => {
    const off = () => (random() * 2 - 1) * (options.jitter ?? 0);
    const start = Math.max(0, from / SAMPLE_RATE + off());
    words.push({ text, start, end: Math.max(start, to / SAMPLE_RATE + off()), probability: 0.9 });
  };
  for (let at = 0; at < audio.length; ) {
    const from = at;
    const level = Math.abs(audio[at]!);
    while (at < audio.length && Math.abs(audio[at]!) === level) at++;
    if (level === 0) {
      if (at - from > SAMPLE_RATE / 2 && random() < (options.textOnSilence ?? 0))
        add('thanks', (from + at) / 2, (from + at) / 2 + SAMPLE_RATE / 10);
      continue;
    }
    const id = level - QUIETEST_WORD;
    const whole = at - from === samplesOf(id);
    const text = whole ? `w${id}` : `x${id}of${Math.floor((8 * (at - from)) / samplesOf(id))}`;
    add(text, from, at);
    if (random() < (options.repeats ?? 0)) add(text, from, at);
  }
  const language = options.language?.(request) ?? { language: 'en', languageProbability: 0.9 };
  return { words, ...language, dropped: 0 };
}
