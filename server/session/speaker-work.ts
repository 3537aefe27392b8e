/** What a session does about its speakers: windows analysed and gathered as the audio comes, the rest at its end. */
import { CodedError } from '../../shared/errors.ts';
import type { NewEvent } from '../../shared/events.ts';
import { toSamples } from '../audio/timeline.ts';
import type { Diarization, Diarizer } from '../diarization/diarizer.ts';
import { decodeWindow, encodeWindow } from '../diarization/window-codec.ts';
import { createWindowWork } from '../diarization/window-work.ts';
import type { FinishRecord } from '../finalize/finish-job.ts';
import type { ReadAudio } from '../speech/recent-audio.ts';
import type { SessionHistory } from './history.ts';
import type { SessionServices } from './services.ts';

export interface SpeakerWorkOptions {
  diarizer: Diarizer;
  services: Pick<SessionServices, 'corpus' | 'whenIdle' | 'log'>;
  history: SessionHistory;
  append(events: NewEvent[]): Promise<void>;
  readAudio: ReadAudio;
}

export interface SpeakerWork {
  /** The session's audio can be read up to here, in seconds. */
  advance(through: number): void;
  /** When all audio is in the session's file. */
  finish(order: Pick<FinishRecord, 'numSpeakers'>, onProgress: (ratio: number) => void): Promise<Diarization>;
  close(): void;
}

/** Of the work at the end; the rest is the clustering. */
const WINDOWS_SHARE = 0.9;

export function createSpeakerWork(options: SpeakerWorkOptions): SpeakerWork {
  const { diarizer, services, history, append } = options;
  const { corpus, log } = services;
  const { session } = history;

  const gathering = diarizer.gather(async (index) => {
    const stored = history.windows.get(index);
    if (stored === undefined) throw new CodedError('CORRUPT');
    return decodeWindow(await corpus.blob(session, stored.blob));
  });
  // Windows of another method do not mix with this one's.
  const ofThisMethod = [...history.windows].filter(([, { method }]) => method === diarizer.method);
  const windows = createWindowWork({
    diarizer,
    done: new Set(ofThisMethod.map(([index]) => index)),
    readAudio: (start, end) => options.readAudio(toSamples(start), toSamples(end)),
    async store(analysis) {
      const data = { index: analysis.index, method: diarizer.method };
      await append([{ type: 'window.diarized', data, blob: encodeWindow(analysis) }]);
    },
    onDone: gathering.advance,
    whenIdle: services.whenIdle,
    onError: (error) => log.warn({ session, err: error }, 'a window could not be analysed in the background'),
  });

  return {
    advance: windows.advance,
    async finish({ numSpeakers }, onProgress) {
      const duration = history.audioStored;
      const count = await windows.finish(duration, (ratio) => onProgress(ratio * WINDOWS_SHARE));
      const bounds = numSpeakers === undefined ? {} : { numSpeakers };
      const diarization = await gathering.conclude(count, { duration, ...bounds });
      onProgress(1);
      return diarization;
    },
    close() {
      windows.close();
      gathering.close();
    },
  };
}
