import { CodedError } from '../../shared/errors.ts';
import type { Word } from '../../shared/transcript.ts';
import { secondsWithin } from '../audio/intervals.ts';
import { SAMPLE_RATE } from '../audio/stream-decoder.ts';
import { createVoiceActivityDetector } from '../audio/voice-activity.ts';
import { closeTail, type Decision, decide, liveTextAt } from './commit-policy.ts';
import type { Hypothesis } from './engine.ts';
import { heardWords } from './heard-words.ts';
import { createLanguageVote, DECIDING_SPEECH } from './language-vote.ts';
import type { LiveTranscriber, LiveTranscriberOptions } from './live-transcriber.ts';
import { LIVE_TEXT, promptFrom } from './prompt.ts';
import { createRecentAudio } from './recent-audio.ts';
import { glanceAt, LONGEST_WINDOW, type NextStep, nextStep } from './window.ts';

/** The pool mends itself within seconds; asking more rarely than this would only delay the text. */
const LONGEST_RETRY_MS = 10_000;
const FIRST_RETRY_MS = 500;
/** Silence is reported in steps, so that a quiet room does not fill the corpus with events: seconds. */
const REPORTED_SILENCE = 1;
/** An engine that takes longer than this for a window has no time to glance at the newest words first. */
const GLANCING_MS = 600;
/** More than a window's context and the silence before it: what is older is never heard again. Seconds. */
const HISTORY = 5;

type Hear = Extract<NextStep, { kind: 'hear' }>;

/** One request at a time: what arrives meanwhile makes the next window longer. */
export function createLiveTranscriber(options: LiveTranscriberOptions): LiveTranscriber {
  const { engine, clock } = options;
  const audio = createRecentAudio(Math.round(options.startAt * SAMPLE_RATE), options.readAudio);
  const activity = createVoiceActivityDetector(options.startAt);
  const vote = createLanguageVote();
  const closing = new AbortController();
  let language = options.language;
  let text = liveTextAt(options.startAt, options.committedBefore);
  let reported = options.startAt;
  let ended = false;
  let working: Promise<void> | undefined;
  let retryInMs = FIRST_RETRY_MS;
  let lastHearingMs = 0;
  let cancelRetry: (() => void) | undefined;

  const stopListening = engine.onStateChange(() => {
    if (engine.state === 'ready') retryNow();
    options.onStatus();
  });

  function retryNow(): void {
    cancelRetry?.();
    cancelRetry = undefined;
    wake();
  }

  /** Starts working unless that is under way, or put off until the engine has had time to recover. */
  function wake(): void {
    if (working !== undefined || cancelRetry !== undefined || closing.signal.aborted) return;
    working = work()
      .catch(putOff)
      .finally(() => {
        working = undefined;
        options.onStatus();
      });
  }

  function putOff(): void {
    if (closing.signal.aborted) return;
    cancelRetry = clock.after(retryInMs, retryNow);
    retryInMs = Math.min(retryInMs * 2, LONGEST_RETRY_MS);
  }

  async function work(): Promise<void> {
    // Lets everything that arrives in the same turn into the window, and `working` be set before it ends.
    await Promise.resolve();
    while (!closing.signal.aborted) {
      const { islands, position } = activity;
      const step = nextStep({ islands, position: ended ? audio.end / SAMPLE_RATE : position, ended }, text);
      if (step.kind === 'wait') return;
      if (step.kind === 'silence') await passSilence(step.through);
      else await apply(step.kind === 'close' ? closeTail(text, step.through) : await hear(step));
      retryInMs = FIRST_RETRY_MS;
    }
  }

  async function hear(step: Hear): Promise<Decision> {
    if (lastHearingMs < GLANCING_MS) await glance(step);
    const begun = clock.now();
    const { hypothesis, start, words } = await listenTo(step.start, step.end, text.recent);
    lastHearingMs = clock.now() - begun;
    await settleLanguage(
      hypothesis,
      secondsWithin(activity.islands, Math.max(start, text.heardTo), step.end),
    );
    const { closedThrough, full } = step;
    return decide(text, {
      words,
      end: step.end,
      full,
      ...(closedThrough !== undefined && { closedThrough }),
    });
  }

  /** Shows the newest words before the whole window is heard; what is certain does not depend on it. */
  async function glance(step: Hear): Promise<void> {
    const glanced = language === 'auto' ? undefined : glanceAt(text, step);
    if (glanced === undefined) return;
    const { start, kept } = glanced;
    const { words } = await listenTo(start, step.end, [...text.recent, ...kept], true);
    options.onTail([...kept, ...words]);
  }

  async function listenTo(wantedStart: number, end: number, said: readonly Word[], preview = false) {
    const from = Math.max(Math.round(wantedStart * SAMPLE_RATE), audio.from);
    const to = Math.min(Math.round(end * SAMPLE_RATE), from + LONGEST_WINDOW * SAMPLE_RATE, audio.end);
    const start = from / SAMPLE_RATE;
    const before = said.filter((word) => word.end <= start);
    const prompt = preview ? '' : promptFrom(options.vocabulary, before, LIVE_TEXT);
    const hypothesis = await engine.transcribe({
      audio: await audio.read(from, to),
      language,
      priority: 'live',
      preview,
      signal: closing.signal,
      ...(prompt !== '' && { prompt }),
    });
    closing.signal.throwIfAborted();
    const words = heardWords(hypothesis.words, start, to / SAMPLE_RATE, activity.islands);
    return { hypothesis, start, words };
  }

  async function apply(decision: Decision): Promise<void> {
    await report(decision.commit, decision.text.through);
    text = decision.text;
    forget();
    options.onTail([...text.tail]);
    options.onStatus();
  }

  async function passSilence(through: number): Promise<void> {
    const hadTail = text.tail.length > 0;
    if (through - reported >= REPORTED_SILENCE || (ended && through > reported)) await report([], through);
    text = {
      ...text,
      through: Math.max(text.through, through),
      tail: [],
      heardTo: Math.max(text.heardTo, through),
    };
    forget();
    if (hadTail) options.onTail([]);
  }

  async function report(words: Word[], through: number): Promise<void> {
    if (words.length === 0 && through <= reported) return;
    await options.onCommit(words, through);
    closing.signal.throwIfAborted();
    reported = through;
  }

  async function settleLanguage(hypothesis: Hypothesis, speech: number): Promise<void> {
    if (language !== 'auto' || hypothesis.words.length === 0) return;
    vote.add(hypothesis.language, hypothesis.languageProbability ?? 1, speech);
    if (vote.speech >= DECIDING_SPEECH) await takeVote();
  }

  async function takeVote(): Promise<void> {
    const result = vote.result();
    if (language !== 'auto' || result === undefined) return;
    await options.onLanguage(result.language, result.probability);
    language = result.language;
  }

  function forget(): void {
    activity.forget(text.through - HISTORY);
    audio.discard(Math.floor((text.through - HISTORY) * SAMPLE_RATE));
  }

  return {
    listen(samples) {
      if (closing.signal.aborted) return;
      audio.append(samples);
      activity.listen(samples);
      wake();
      options.onStatus();
    },
    skip(seconds) {
      if (closing.signal.aborted) return;
      audio.skip(Math.round(seconds * SAMPLE_RATE));
      activity.skip(seconds);
      wake();
    },
    async flush() {
      ended = true;
      try {
        await working;
        cancelRetry?.();
        cancelRetry = undefined;
        activity.skip(0);
        while (working !== undefined) await working;
        working = work().then(takeVote);
        await working;
      } catch (error) {
        if (error instanceof CodedError) throw error;
        throw new CodedError('ENGINE_UNAVAILABLE', { cause: error });
      } finally {
        working = undefined;
        ended = false;
      }
      options.onStatus();
    },
    close() {
      closing.abort();
      cancelRetry?.();
      stopListening();
      activity.close();
    },
    get behind() {
      return secondsWithin(activity.islands, text.heardTo, audio.end / SAMPLE_RATE);
    },
  };
}
