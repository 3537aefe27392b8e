/** Transcription again with full context, of what the live pass has left behind, while the session goes on (rule F2). */

import { CodedError } from '../../shared/errors.ts';
import type { EventData } from '../../shared/events.ts';
import { middleOf } from '../audio/intervals.ts';
import { SAMPLE_RATE } from '../audio/stream-decoder.ts';
import { findSpeech } from '../audio/voice-activity.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from './engine.ts';
import { heardWords } from './heard-words.ts';
import { LOOKAHEAD, planStretch, type Stretch } from './plan-stretches.ts';
import { promptFrom } from './prompt.ts';
import type { ReadAudio } from './recent-audio.ts';

export type StretchTranscribed = EventData<'stretch.transcribed'>;

export interface SecondPassOptions {
  engine: Engine;
  clock: Clock;
  /** The session's stored audio between two sample numbers of its timeline, zeros where there is none. */
  readAudio: ReadAudio;
  /** As settled by now, or `auto`. */
  language(): string;
  /** The clinic's terms, as they stand now. */
  vocabulary(): readonly string[];
  /** Stretches transcribed before (a restart, an earlier try), in any order: they are not heard again. */
  done: readonly StretchTranscribed[];
  /** Awaited; when it rejects, the stretch is heard again. Stretches adjoin, but come in any order. */
  onStretch(stretch: StretchTranscribed): Promise<void>;
  /** How many stretches are heard at once; the pool's workers for a long recording. Default 1. */
  concurrency?: number;
}

export interface SecondPass {
  /** So much of the session's audio is stored by now, in seconds. Works on in the background; never rejects. */
  advance(through: number): void;
  /**
   * The session ends here, in seconds. Resolves when every stretch up to there has been transcribed.
   * @throws CodedError ENGINE_UNAVAILABLE after several tries; what is done stays done.
   */
  finish(through: number): Promise<void>;
  close(): void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;
/** A finish that has waited half a minute for the engine lets the live text stand. */
const TRIES_AT_FINISH = 6;

export function createSecondPass(options: SecondPassOptions): SecondPass {
  const { engine, clock } = options;
  const concurrency = options.concurrency ?? 1;
  const done = new Map(options.done.map((stretch) => [stretch.start, stretch]));
  const closing = new AbortController();
  let stored = 0;
  let ended = false;
  let position = 0;
  let working: Promise<void> | undefined;
  let cancelRetry: (() => void) | undefined;
  let failures = 0;

  /** Hears stretch after stretch until more audio is needed; after a failure begins again at the first one missing. */
  async function work(): Promise<void> {
    const hearing = new Set<Promise<void>>();
    let failure: unknown;
    let at = position;
    while (failure === undefined && !closing.signal.aborted) {
      const known = done.get(at);
      const stretch = known ?? (await plan(at));
      if (stretch === undefined) break;
      if (known === undefined) {
        const task = transcribe(stretch)
          .catch((error) => {
            failure ??= error;
          })
          .finally(() => hearing.delete(task));
        hearing.add(task);
        if (hearing.size >= concurrency) await Promise.race(hearing);
      }
      at = stretch.end;
    }
    await Promise.all(hearing);
    for (let next = done.get(position); next !== undefined; next = done.get(position)) position = next.end;
    if (failure !== undefined) throw failure;
    closing.signal.throwIfAborted();
    failures = 0;
  }

  async function plan(start: number): Promise<Stretch | undefined> {
    const from = Math.round(start * SAMPLE_RATE);
    const available = Math.round(stored * SAMPLE_RATE);
    const to = from + LOOKAHEAD * SAMPLE_RATE;
    if (from >= available || (to > available && !ended)) return undefined;
    const audio = await options.readAudio(from, Math.min(to, available));
    return planStretch(start, audio, findSpeech(audio, start), to >= available && ended);
  }

  async function transcribe({ start, end, speech, hear }: Stretch): Promise<void> {
    let words: StretchTranscribed['words'] = [];
    let dropped = 0;
    let language: string | undefined;
    if (hear !== undefined) {
      const from = Math.round(hear.start * SAMPLE_RATE);
      const audio = await options.readAudio(from, Math.round(hear.end * SAMPLE_RATE));
      const before = [...done.values()].find((stretch) => stretch.end === start)?.words ?? [];
      const prompt = promptFrom(options.vocabulary(), before);
      const heard = await engine.transcribe({
        audio,
        language: options.language(),
        priority: 'background',
        signal: closing.signal,
        ...(prompt !== '' && { prompt }),
      });
      const all = heardWords(
        heard.words,
        from / SAMPLE_RATE,
        hear.end,
        findSpeech(audio, from / SAMPLE_RATE),
      );
      words = all.filter((word) => middleOf(word) >= start && middleOf(word) < end);
      language = heard.language;
      dropped = heard.dropped + heard.words.length - all.length;
    }
    closing.signal.throwIfAborted();
    const stretch = {
      start,
      end,
      words,
      engine: engine.description,
      speech,
      dropped,
      ...(language !== undefined && { language }),
    };
    await options.onStretch(stretch);
    done.set(start, stretch);
  }

  /** One worker at a time; a call while it works makes it look again. */
  function wake(): Promise<void> {
    working ??= work().finally(() => {
      working = undefined;
    });
    return working;
  }

  function retryIn(): number {
    return Math.min(FIRST_RETRY_MS * 2 ** failures++, LONGEST_RETRY_MS);
  }

  function inBackground(): void {
    if (ended || cancelRetry !== undefined || closing.signal.aborted) return;
    wake().catch(() => {
      if (ended || closing.signal.aborted) return;
      cancelRetry ??= clock.after(retryIn(), () => {
        cancelRetry = undefined;
        inBackground();
      });
    });
  }

  return {
    advance(through) {
      stored = Math.max(stored, through);
      if (working === undefined) inBackground();
    },
    async finish(through) {
      stored = Math.max(stored, through);
      cancelRetry?.();
      cancelRetry = undefined;
      // What is under way was planned without knowing the end: let it come to rest first.
      await working?.catch(() => {});
      ended = true;
      failures = 0;
      for (;;) {
        try {
          await wake();
          return;
        } catch (cause) {
          if (closing.signal.aborted || failures >= TRIES_AT_FINISH - 1)
            throw new CodedError('ENGINE_UNAVAILABLE', { cause });
          await new Promise<void>((resolve) => clock.after(retryIn(), resolve));
        }
      }
    },
    close() {
      closing.abort();
      cancelRetry?.();
    },
  };
}
