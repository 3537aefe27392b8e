/** Wires the ports into a server that starts and stops. Which adapters stand behind them is `main.ts`'s choice. */

import { CodedError } from '../shared/errors.ts';
import { createApi } from './api.ts';
import { createSessionAudio } from './audio/session-audio.ts';
import type { CreateStreamDecoder } from './audio/stream-decoder.ts';
import type { Clock } from './clock.ts';
import type { Corpus } from './corpus/corpus.ts';
import { startRetention } from './corpus/retention.ts';
import type { Diarizer } from './diarization/diarizer.ts';
import type { AudioFile } from './gateway/api.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway/gateway.ts';
import type { Logger } from './ops/log.ts';
import { createMetrics } from './ops/metrics.ts';
import { createSessions } from './session/sessions.ts';
import type { Engine } from './speech/engine.ts';
import { createVocabulary } from './vocabulary.ts';
import { createVoices } from './voices.ts';

export interface ServerOptions {
  corpus: Corpus;
  engine: Engine | undefined;
  diarizer: Diarizer | undefined;
  createDecoder: CreateStreamDecoder;
  whenIdle(signal: AbortSignal): Promise<void>;
  clock: Clock;
  log: Logger;
  newId(): string;
  language: string;
  /** Terms of every clinic on this server. */
  vocabulary: readonly string[];
  /** No slice is taken before the session's `consent.recorded`. */
  consentRequired: boolean;
  sliceBytes: number;
  /** Cosine from which a speaker is a known voice. */
  voiceThreshold: number;
  /** Slices that a client may have unacknowledged. */
  window: number;
  sessionsPerPerson: number;
  /** Finished sessions are erased that long after they were opened; 0: kept for ever. */
  retentionDays: number;
  gateway: Pick<
    GatewayOptions,
    'host' | 'port' | 'transport' | 'tls' | 'tokens' | 'revocationsFile' | 'origins' | 'staticDirectory'
  >;
}

export interface Server {
  readonly gateway: Gateway;
  /** Ends every session as a crash would, only gently: all that was acknowledged is on disk already. */
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { corpus, engine, diarizer, clock, log, newId, sliceBytes } = options;
  const audio = createSessionAudio(corpus);
  const metrics = createMetrics();
  const voices = createVoices({ corpus, diarizer, newId, createDecoder: options.createDecoder });
  const vocabulary = await createVocabulary({
    ...{ corpus, setting: options.vocabulary, newId },
    onFault: (error) => log.error({ err: error }, 'a vocabulary could not be read'),
  });
  const sessions = createSessions(
    {
      ...{ corpus, clock, log, metrics, newId, audio, engine, diarizer, sliceBytes },
      createDecoder: options.createDecoder,
      whenIdle: options.whenIdle,
      vocabulary: vocabulary.of,
      consentRequired: options.consentRequired,
      knownVoices: voices.known,
      voiceThreshold: options.voiceThreshold,
      window: options.window,
    },
    { language: options.language, perPerson: options.sessionsPerPerson },
  );

  metrics.watch({ sessions: sessions.count, secondsBehind: sessions.secondsBehind });

  const openAudio = async (session: string): Promise<AudioFile> => {
    const wav = await audio.wav(session);
    if (wav.samples === 0) throw new CodedError('SESSION_EMPTY');
    return { bytes: wav.bytes, read: (first, last) => wav.stream(first, last + 1) };
  };

  const erase = async (session: string, by: string, reason: string): Promise<void> => {
    await sessions.evict(session);
    await corpus.erase(session, by, reason);
    audio.forget(session);
  };

  const gateway = await startGateway({
    ...options.gateway,
    clock,
    limits: { sliceBytes },
    attach: sessions.attach,
    voices,
    vocabulary,
    api: createApi({ corpus, sessions, log, newId, openAudio, erase }),
    ready: async () => ({ ready: true, checks: { engine: engine?.state === 'ready' } }),
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.render() }),
    report: (error) => log.error({ err: error }, 'unforeseen error'),
  });
  await sessions.resumeFinishing();
  const stopRetention = startRetention({
    ...{ corpus, clock, erase, days: options.retentionDays },
    onFault: (error, session) => log.error({ session, err: error }, 'retention did not erase what is due'),
  });

  return {
    gateway,
    async close() {
      stopRetention();
      await gateway.close();
      await sessions.close();
      await engine?.close();
      await diarizer?.close();
      await corpus.close();
    },
  };
}
