/** What a session is given to work with; `main.ts` picks it. */
import type { SessionAudio } from '../audio/session-audio.ts';
import type { CreateStreamDecoder } from '../audio/stream-decoder.ts';
import type { Clock } from '../clock.ts';
import type { Corpus } from '../corpus/corpus.ts';
import type { Diarizer } from '../diarization/diarizer.ts';
import type { KnownVoice } from '../diarization/name-speakers.ts';
import type { Logger } from '../ops/log.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Engine } from '../speech/engine.ts';

export interface SessionServices {
  corpus: Corpus;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  newId(): string;
  createDecoder: CreateStreamDecoder;
  audio: SessionAudio;
  /** Undefined: recording only, text is owed. */
  engine: Engine | undefined;
  /** Undefined: every word under `unknown`. */
  diarizer: Diarizer | undefined;
  /** The voices by which speakers of a session of this owner may be named. */
  knownVoices(of: { tenant: string; owner: string }): Promise<KnownVoice[]>;
  /** Cosine from which a speaker is a known voice. */
  voiceThreshold: number;
  /** Background work waits here. */
  whenIdle(signal: AbortSignal): Promise<void>;
  /** Terms that the engine is told to expect in sessions of this tenant, as they stand now. */
  vocabulary(tenant: string): readonly string[];
  /** Slices a client may have unacknowledged. */
  window: number;
  /** No slice is taken before `consent.recorded`. */
  consentRequired: boolean;
  sliceBytes: number;
}
