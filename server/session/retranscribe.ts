/**
 * A finished session heard again from its stored audio, by another engine perhaps. The speakers are those of the result
 * that stands, so that the names people gave them hold; the results before stay in the log.
 */
import type { FinalResult, NewEvent } from '../../shared/events.ts';
import { UNKNOWN_SPEAKER } from '../../shared/transcript.ts';
import type { Diarization } from '../diarization/diarizer.ts';
import { finishCompleted } from '../finalize/finish-job.ts';
import { finishSession } from '../finalize/finish-session.ts';
import { decodeResult, encodeResult } from '../finalize/result-codec.ts';
import { lastingWarnings, secondTranscription } from '../finalize/second-transcription.ts';
import type { Engine } from '../speech/engine.ts';
import { createSecondPass, type StretchTranscribed } from '../speech/second-pass.ts';
import { coverageOf, type SessionHistory, timelineSlices } from './history.ts';
import { readHistory } from './read-history.ts';
import type { SessionServices } from './services.ts';
import { storedAudio } from './stored-audio.ts';

export type RetranscribeServices = Pick<
  SessionServices,
  'corpus' | 'clock' | 'newId' | 'audio' | 'vocabulary'
> & { engine: Engine };

export interface RetranscribeOrder {
  by: string;
  /** Default: the language of the result that stands. */
  language?: string;
  /** Seconds heard so far, of the whole. */
  onProgress?(heard: number, whole: number): void;
}

/**
 * All of it is appended at once when all of it is there: cut short, nothing has been done.
 * @throws CodedError SESSION_UNKNOWN, ENGINE_UNAVAILABLE, CORRUPT, STORAGE_UNAVAILABLE; ConcurrencyError; Error when the
 *   session has no result
 */
export async function retranscribe(
  services: RetranscribeServices,
  session: string,
  order: RetranscribeOrder,
): Promise<FinalResult> {
  const { corpus, newId } = services;
  const history = await readHistory(corpus, session);
  if (history.finish?.outcome !== 'completed' || history.completed === undefined) {
    throw new Error(`The session ${session} is not finished.`);
  }
  const before = decodeResult(await corpus.blob(session, history.completed.result));
  const language = order.language ?? before.language;
  const stretches = await hear(services, history, language, order.onProgress);
  const engine = services.engine.description;
  const transcription = secondTranscription({ stretches, live: [], language, engine });

  const request = newId();
  const result = await finishSession(
    {
      ...{ session, request },
      settleAudio: async () => {},
      closeAudio: async () => before.audio,
      transcribe: async () => transcription,
      liveTranscription: () => transcription,
      diarize: async () => diarizationOf(before),
      nameSpeakers: async () => before.speakers.map(({ name }) => name),
      timeline: () => ({
        duration: before.duration,
        slices: timelineSlices(history),
        coverage: coverageOf(history),
      }),
    },
    () => {},
  );
  const events: NewEvent[] = [
    { type: 'finish.requested', data: { request, by: order.by } },
    { type: 'finish.started', data: { request, attempt: 1 } },
    ...(language === history.language
      ? []
      : [{ type: 'language.settled', data: { language, probability: 1 } } satisfies NewEvent]),
    ...stretches.map((data): NewEvent => ({ type: 'stretch.transcribed', data })),
    finishCompleted(result, encodeResult(result), { sameSpeakers: true }),
  ];
  await corpus.append(session, events, { expected: history.last });
  return result;
}

async function hear(
  { engine, clock, audio, vocabulary }: RetranscribeServices,
  { session, tenant, audioStored }: SessionHistory,
  language: string,
  onProgress: RetranscribeOrder['onProgress'],
): Promise<StretchTranscribed[]> {
  const stretches: StretchTranscribed[] = [];
  let heard = 0;
  const secondPass = createSecondPass({
    engine,
    clock,
    vocabulary: () => vocabulary(tenant),
    readAudio: storedAudio(audio, session),
    language: () => language,
    concurrency: engine.workers,
    done: [],
    async onStretch(stretch) {
      stretches.push(stretch);
      heard += stretch.end - stretch.start;
      onProgress?.(heard, audioStored);
    },
  });
  try {
    await secondPass.finish(audioStored);
  } finally {
    secondPass.close();
  }
  return stretches;
}

/** @throws Error when speakers were not told apart. */
function diarizationOf(result: FinalResult): Diarization {
  const { method } = result.diarization;
  if (method === 'none') throw new Error('the session has no speakers');
  return {
    method,
    speakers: result.speakers.map(({ id }) => id).filter((id) => id !== UNKNOWN_SPEAKER),
    turns: result.turns,
    exclusiveTurns: result.exclusiveTurns ?? result.turns,
    centroids: [],
    warnings: lastingWarnings(result),
  };
}
