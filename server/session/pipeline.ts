/**
 * Where a session's audio goes: onto the timeline, into the session's one file, to the live pass, the second pass and
 * the speakers' windows. And what its end needs of each of them.
 */
import { CodedError, type ErrorCode, hasCode } from '../../shared/errors.ts';
import type { NewEvent } from '../../shared/events.ts';
import type { Word } from '../../shared/transcript.ts';
import { audioStored, createSessionAudioRecorder, type Stretch } from '../audio/session-audio-recorder.ts';
import { toSamples, toSeconds } from '../audio/timeline.ts';
import type { Diarization } from '../diarization/diarizer.ts';
import { nameSpeakers } from '../diarization/name-speakers.ts';
import type { FinishRecord } from '../finalize/finish-job.ts';
import type { FinishParts, Transcription } from '../finalize/finish-session.ts';
import { secondTranscription } from '../finalize/second-transcription.ts';
import { createLiveTranscriber } from '../speech/create-live-transcriber.ts';
import { createRecentAudio } from '../speech/recent-audio.ts';
import { createSecondPass } from '../speech/second-pass.ts';
import { coverageOf, type SessionHistory, type StoredSlice, timelineSlices } from './history.ts';
import { createListening } from './listening.ts';
import type { SessionServices } from './services.ts';
import { createSpeakerWork } from './speaker-work.ts';
import { storedAudio } from './stored-audio.ts';

export interface PipelineOptions {
  services: SessionServices;
  history: SessionHistory;
  /** Rejects only when the session is closed. */
  append(events: NewEvent[]): Promise<void>;
  onTail(words: Word[]): void;
  onDegraded(code: ErrorCode, seq: number): void;
  onStatus(): void;
  /** A stored slice does not verify. */
  onCorrupt(): void;
}

export interface Pipeline {
  take(slice: StoredSlice, bytes: Uint8Array): void;
  mark(event: 'session.paused' | 'session.resumed'): void;
  /** Seconds of speech not yet listened to by the live pass. */
  readonly behind: number;
  finishParts(finish: FinishRecord): FinishParts;
  close(): void;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { services, history, append } = options;
  const { engine, diarizer, clock, log } = services;
  const { session, tenant } = history;
  const recorder = createSessionAudioRecorder(toSamples(history.audioStored));

  const readStored = storedAudio(services.audio, session);
  // The file has its audio half a minute late, and to read it back takes time from whoever waits for an acknowledgement.
  const recent = createRecentAudio(toSamples(history.audioStored), readStored);

  const live =
    engine &&
    createLiveTranscriber({
      engine,
      clock,
      vocabulary: services.vocabulary(tenant),
      language: history.language,
      startAt: history.listened,
      committedBefore: history.committed,
      readAudio: readStored,
      onCommit: (words, through) => append([{ type: 'words.committed', data: { words, through } }]),
      onTail: options.onTail,
      onLanguage: (language, probability) =>
        append([{ type: 'language.settled', data: { language, probability } }]),
      onStatus: options.onStatus,
    });
  /** The live pass has been given everything before this sample. */
  let given = toSamples(history.listened);

  const secondPass =
    engine &&
    createSecondPass({
      engine,
      clock,
      vocabulary: () => services.vocabulary(tenant),
      readAudio: recent.read,
      language: () => history.language,
      // Of a recording that comes faster than it was said, and of what a finish finds undone.
      concurrency: engine.workers,
      done: history.stretches,
      onStretch: (stretch) => append([{ type: 'stretch.transcribed', data: stretch }]),
    });

  const speakers =
    diarizer && createSpeakerWork({ diarizer, services, history, append, readAudio: recent.read });

  const store = async (stretches: Iterable<Stretch>) => {
    for (const stretch of stretches) {
      await append([audioStored(stretch)]);
      // In passing, so that the end does not find an hour to be hashed; what is damaged is told there.
      services.audio.digest(session).catch(() => {});
    }
    secondPass?.advance(history.audioStored);
  };

  const listening = createListening({
    history,
    createDecoder: services.createDecoder,
    readBlob: (address) => services.corpus.blob(session, address),
    append,
    async onSamples(start, samples) {
      // Some of it may have been heard before a restart.
      recent.append(samples.subarray(Math.max(0, recent.end - start)));
      await store(recorder.add(start, samples));
      await giveStored(start);
      const fresh = samples.subarray(Math.max(0, given - start));
      given += fresh.length;
      live?.listen(fresh);
      // After the live pass, for whose answer the windows wait.
      speakers?.advance(toSeconds(recent.end));
    },
    async onGap(start, end) {
      recent.skip(Math.max(0, end - recent.end));
      await store(recorder.addGap(end));
      await giveStored(start);
      if (end > given) {
        live?.skip(toSeconds(end - given));
        given = end;
      }
      speakers?.advance(toSeconds(recent.end));
    },
    onDegraded: options.onDegraded,
    onFault(error) {
      log.error({ session, err: error }, 'a slice could not be put on the timeline');
      if (hasCode(error, 'CORRUPT')) options.onCorrupt();
    },
  });

  /** After a restart, what was stored before and not listened to comes from the session's file. */
  async function giveStored(through: number): Promise<void> {
    if (live === undefined || given >= through) return;
    const stored = Math.min(through, toSamples(history.audioStored));
    while (given < stored) {
      const piece = await readStored(given, Math.min(stored, given + toSamples(PIECE)));
      live.listen(piece);
      given += piece.length;
    }
  }

  const liveTranscription = (): Transcription => ({
    words: history.committed,
    language: history.language,
    engine: engine?.description ?? null,
    warnings: [],
  });

  const transcribe = async (onProgress: (ratio: number) => void): Promise<Transcription> => {
    if (live === undefined || secondPass === undefined) throw new CodedError('ENGINE_UNAVAILABLE');
    await giveStored(toSamples(history.audioStored));
    // The live text is brought to its end too: it is what stands where the second pass has nothing.
    const flushed = live.flush().catch(() => {});
    await secondPass.finish(history.audioStored);
    await flushed;
    onProgress(1);
    const { stretches, committed, language } = history;
    const heardBy = engine?.description ?? null;
    return secondTranscription({ stretches, live: committed, language, engine: heardBy });
  };

  const diarize = async (finish: FinishRecord, onProgress: (ratio: number) => void): Promise<Diarization> => {
    if (speakers === undefined) throw new Error('there is no diarizer');
    return speakers.finish(finish, onProgress);
  };

  const nameHeard = async ({ centroids }: Diarization): Promise<(string | undefined)[]> => {
    const voices = await services.knownVoices({ tenant, owner: history.owner });
    return nameSpeakers({ embedder: diarizer?.embedder ?? '', centroids }, voices, services.voiceThreshold);
  };

  return {
    take: listening.take,
    mark: listening.mark,
    get behind() {
      return live?.behind ?? 0;
    },
    finishParts: (finish) => ({
      session,
      request: finish.request,
      settleAudio: listening.settle,
      async closeAudio() {
        await store(recorder.close());
        const wav = await services.audio.wav(session);
        const sha256 = `sha256:${await services.audio.digest(session)}`;
        return { sha256, bytes: wav.bytes, sampleRate: 16000 };
      },
      transcribe,
      liveTranscription,
      diarize: (onProgress) => diarize(finish, onProgress),
      nameSpeakers: nameHeard,
      timeline: () => ({
        duration: history.audioStored,
        slices: timelineSlices(history),
        coverage: coverageOf(history),
      }),
    }),
    close() {
      listening.close();
      live?.close();
      secondPass?.close();
      speakers?.close();
    },
  };
}

/** Seconds of stored audio given to the live pass at once. */
const PIECE = 30;
