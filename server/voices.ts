/**
 * The voices that a clinic knows by name. Each is a stream of the corpus of its own, so it has its own data key: what is
 * biometric is gone for good once that key is destroyed, which a row in a shared stream could not promise.
 */
import { CodedError } from '../shared/errors.ts';
import type { NewEvent } from '../shared/events.ts';
import { decodeSample } from './audio/decode-sample.ts';
import type { CreateStreamDecoder } from './audio/stream-decoder.ts';
import { type Corpus, VOICE_PREFIX } from './corpus/corpus.ts';
import type { Diarizer } from './diarization/diarizer.ts';
import type { KnownVoice } from './diarization/name-speakers.ts';
import { hearVoice, LONGEST_SAMPLE } from './diarization/voice-sample.ts';
import type { Ownership } from './gateway/authorisation.ts';
import type { VoiceSummary, Voices } from './gateway/voices.ts';

export interface VoicesOptions {
  corpus: Corpus;
  /** Undefined: nobody is told apart, so no voice is of use. */
  diarizer: Diarizer | undefined;
  createDecoder: CreateStreamDecoder;
  newId(): string;
}

export interface VoiceStore extends Voices {
  /** The voices of whoever opened a session: the ones it is compared with. */
  known(of: Ownership): Promise<KnownVoice[]>;
}

interface StoredVoice extends VoiceSummary {
  stream: string;
  blob: string;
}

export function createVoices({ corpus, diarizer, createDecoder, newId }: VoicesOptions): VoiceStore {
  /** Newest first. One whose enrolment was cut short has no sample and is no voice. */
  const read = async (of: { tenant: string; owner?: string }): Promise<StoredVoice[]> => {
    const streams = await corpus.sessions({ ...of, kind: 'voice', state: 'open' });
    const found = await Promise.all(
      streams.map(async ({ session: stream, owner }): Promise<StoredVoice[]> => {
        const enrolled = await corpus.latest(stream, 'voice.enrolled');
        if (enrolled?.blob === undefined) return [];
        const { blob, at: createdAt } = enrolled;
        const usable = enrolled.data.embedder === diarizer?.embedder;
        return [{ ...enrolled.data, owner, createdAt, usable, stream, blob }];
      }),
    );
    return found.flat();
  };

  const eraseAll = async (voices: readonly StoredVoice[], by: string, reason: string) => {
    for (const { stream } of voices) await corpus.erase(stream, by, reason);
  };

  return {
    async list(of) {
      return (await read(of)).map(summarise);
    },

    async enrol({ subject: owner, tenant }, name, bytes) {
      if (diarizer === undefined) throw new CodedError('SPEAKERS_UNAVAILABLE');
      const audio = await decodeSample(createDecoder, bytes, LONGEST_SAMPLE);
      const { embedding, seconds } = await hearVoice(diarizer, audio);
      const before = (await read({ tenant, owner })).filter((voice) => voice.name === name);
      const stream = `${VOICE_PREFIX}${newId()}`;
      await corpus.open(stream, { language: 'auto', owner, tenant });
      const enrolled: NewEvent = {
        type: 'voice.enrolled',
        data: { name, embedder: diarizer.embedder, seconds },
        blob: new Uint8Array(Float32Array.from(embedding).buffer),
      };
      const [event] = await corpus.append(stream, [enrolled]);
      // Only once the new one is safe: cut short in between, the newest of the name stands.
      await eraseAll(before, owner, 'replaced');
      return { name, owner, embedder: diarizer.embedder, seconds, createdAt: event!.at, usable: true };
    },

    async forget({ subject, tenant }, owner, name) {
      const theirs = (await read({ tenant, owner })).filter((voice) => voice.name === name);
      if (theirs.length === 0) throw new CodedError('NOT_FOUND');
      await eraseAll(theirs, subject, 'asked for');
    },

    async known(of) {
      const newest = new Map<string, StoredVoice>();
      for (const voice of (await read(of)).reverse()) newest.set(voice.name, voice);
      return Promise.all(
        [...newest.values()].map(async ({ name, embedder, stream, blob }) => {
          const bytes = await corpus.blob(stream, blob);
          return { name, embedder, embedding: new Float32Array(Uint8Array.from(bytes).buffer) };
        }),
      );
    },
  };
}

function summarise({ name, owner, embedder, seconds, createdAt, usable }: StoredVoice): VoiceSummary {
  return { name, owner, embedder, seconds, createdAt, usable };
}
