/** The known voices, as the gateway offers them; it has authorised before it calls. */
import type { Principal } from './peer.ts';

export interface VoiceSummary {
  name: string;
  /** Whose sessions it names speakers in. */
  owner: string;
  /** What made its embedding. */
  embedder: string;
  /** Of speech in the sample. */
  seconds: number;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Whether it was made by the embedder that runs now. */
  usable: boolean;
}

export interface Voices {
  /** Newest first. */
  list(of: { tenant: string; owner?: string }): Promise<VoiceSummary[]>;
  /**
   * Keeps the voice, under their own name or any other, as `by`'s; the one of this name before is erased.
   * @param audio the bytes of a file in any format of the slices
   * @throws CodedError VOICE_UNREADABLE, VOICE_TOO_LONG, VOICE_TOO_QUIET, VOICE_TOO_SHORT, VOICE_CLIPPED,
   *   VOICE_NOT_ALONE, SPEAKERS_UNAVAILABLE, STORAGE_UNAVAILABLE
   */
  enrol(by: Principal, name: string, audio: Uint8Array): Promise<VoiceSummary>;
  /** @throws CodedError NOT_FOUND, STORAGE_UNAVAILABLE */
  forget(by: Principal, owner: string, name: string): Promise<void>;
}
