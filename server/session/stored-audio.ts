import type { SessionAudio } from '../audio/session-audio.ts';
import type { ReadAudio } from '../speech/recent-audio.ts';

/** The session's audio between two sample numbers, zeros where none is stored yet. */
export const storedAudio =
  (audio: SessionAudio, session: string): ReadAudio =>
  async (from, to) => {
    const samples = new Int16Array(to - from);
    const stored = await audio.storedSamples(session);
    if (from < stored) samples.set(await audio.read(session, from, Math.min(to, stored)));
    return samples;
  };
