/** Sends a stored session's audio to a server as a new recording, as the page would, and has it finished. */
import type { Corpus } from '../../server/corpus/corpus.ts';
import type { EventOf } from '../../shared/events.ts';
import { type Recorded, type RecordedSlice, startRecording } from '../client/node-client.ts';
import { inRhythm, type Rhythm } from './rhythm.ts';

/** Failed connections in a row before the first one succeeds; later losses are waited out. */
const FIRST_ATTEMPTS = 4;

export interface SendOptions {
  corpus: Corpus;
  session: string;
  /** Such as `http://localhost:8080`. */
  server: string;
  token: string;
  rhythm: Rhythm;
  onProgress?(line: string): void;
}

/** @throws Error when nothing answers there; CodedError as the server refuses it */
export async function sendSession(options: SendOptions): Promise<Recorded> {
  const { corpus, session, server, rhythm, onProgress = () => {} } = options;
  const opened = await corpus.latest(session, 'session.opened');
  const order = await corpus.latest(session, 'finish.requested');
  const numSpeakers = order?.data.numSpeakers;
  let greeted = false;
  let lost = false;
  const recording = startRecording({
    server,
    token: options.token,
    slices: storedSlices(corpus, session, rhythm),
    client: 'auscult-replay',
    ...(opened === undefined ? {} : { language: opened.data.language }),
    finalize: numSpeakers === undefined ? {} : { numSpeakers },
    onMessage(message) {
      if (message.type === 'welcome') greeted = true;
      if (message.type === 'progress') onProgress(`finishing: ${message.stage}`);
    },
    onState({ status, attempts }) {
      if (!greeted && attempts >= FIRST_ATTEMPTS) recording.stop(new Error(`Nothing answers at ${server}.`));
      if (status === 'waiting' && greeted && !lost) onProgress('The connection is lost; trying again.');
      lost = status !== 'ready' && (lost || status === 'waiting');
    },
  });
  return recording.done;
}

async function* storedSlices(corpus: Corpus, session: string, rhythm: Rhythm): AsyncGenerator<RecordedSlice> {
  const received = inRhythm(slicesOf(corpus, session), ({ at }) => Date.parse(at), rhythm);
  for await (const { data, blob } of received) {
    const { epoch, mime, audioHash, durationMs, capturedAt } = data;
    const audio = blob === undefined ? new Uint8Array(0) : await corpus.blob(session, blob);
    yield { epoch, mime, sha256: audioHash, durationMs, capturedAt, data: audio };
  }
}

async function* slicesOf(corpus: Corpus, session: string): AsyncGenerator<EventOf<'slice.received'>> {
  for await (const event of corpus.events(session)) if (event.type === 'slice.received') yield event;
}
