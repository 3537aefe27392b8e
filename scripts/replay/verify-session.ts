/** Everything that can be checked about a session: its chain, its blobs, and each slice's audio against its hash. */
import type { Corpus } from '../../server/corpus/corpus.ts';
import { CodedError } from '../../shared/errors.ts';
import { audioHashOf } from '../client/audio-hash.ts';

export interface SessionVerification {
  session: string;
  events: number;
  blobs: number;
  /** Slices whose audio has the hash that its event states. */
  slices: number;
  /** The first thing that is not as it was written: the number of its event, and what it is. */
  fault?: { n: number; what: string };
}

export async function verifySession(corpus: Corpus, session: string): Promise<SessionVerification> {
  const { events, blobs, faults } = await corpus.verify(session);
  const counted = { session, events, blobs };
  const [fault] = faults;
  if (fault !== undefined) return { ...counted, slices: 0, fault: { n: fault.n, what: fault.what } };
  let slices = 0;
  let n = 0;
  try {
    for await (const event of corpus.events(session)) {
      n = event.n;
      if (event.type !== 'slice.received') continue;
      const { seq, audioHash } = event.data;
      if (event.blob === undefined)
        return { ...counted, slices, fault: { n, what: `slice ${seq} has no audio` } };
      if (audioHashOf(await corpus.blob(session, event.blob)) !== audioHash) {
        return {
          ...counted,
          slices,
          fault: { n, what: `the audio of slice ${seq} does not have its audio_hash` },
        };
      }
      slices += 1;
    }
  } catch (error) {
    // The chain holds and yet a payload or blob does not open: it was written so, or another key is in its place.
    if (!(error instanceof CodedError)) throw error;
    return { ...counted, slices, fault: { n: n + 1, what: error.message } };
  }
  return { ...counted, slices };
}
