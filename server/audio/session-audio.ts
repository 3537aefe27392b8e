/**
 * The session's one audio file, read from the stretches in the corpus: never as a whole in memory, and with an index
 * that each call carries on from the last event it has seen.
 */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CodedError } from '../../shared/errors.ts';
import type { Corpus } from '../corpus/corpus.ts';
import { concatSamples, fromBytes } from './pcm.ts';
import { toSamples } from './timeline.ts';
import { WAV_HEADER_BYTES, wavHeader } from './wav.ts';

interface StoredStretch {
  startSample: number;
  endSample: number;
  blob: string;
}

interface SessionIndex {
  stretches: StoredStretch[];
  /** Number of the last event seen. */
  seen: number;
  /** Of the samples of the first `hashed` stretches. */
  hash: Hash;
  hashed: number;
  /** Carries index and hash on; calls wait for one another. */
  update: Promise<void>;
}

export interface SessionWav {
  samples: number;
  /** Exact, header included. */
  bytes: number;
  /** Bytes `from` to `to` (exclusive), for a whole answer or an HTTP range. */
  stream(from?: number, to?: number): AsyncIterable<Uint8Array>;
}

export interface SessionAudio {
  /** Samples that are stored, from the session's start without a hole. */
  storedSamples(session: string): Promise<number>;
  /** @throws RangeError past what is stored; CodedError CORRUPT when a stretch is missing or damaged. */
  read(session: string, fromSample: number, toSample: number): Promise<Int16Array>;
  wav(session: string): Promise<SessionWav>;
  /**
   * Hex SHA-256 of the samples stored so far, which are the WAV file without its 44 bytes of header. (The header states
   * the length, so a hash of the whole file could not begin before the end.) What was hashed by an earlier call is not
   * read again: asked now and then while the session goes on, the last answer costs no more than the first.
   */
  digest(session: string): Promise<string>;
  /** Drops what is known of a session: it was erased. */
  forget(session: string): void;
}

/** Sessions whose index is kept: an hour's has 120 entries. */
const MAX_SESSIONS = 256;

export function createSessionAudio(corpus: Corpus): SessionAudio {
  const indexes = new Map<string, SessionIndex>();

  async function carryOn(session: string, index: SessionIndex): Promise<void> {
    for await (const event of corpus.events(session, index.seen)) {
      if (event.type === 'audio.stored') {
        const startSample = toSamples(event.data.start);
        const isAdjoining = startSample === (index.stretches.at(-1)?.endSample ?? 0);
        if (event.blob === undefined || !isAdjoining) throw new CodedError('CORRUPT');
        index.stretches.push({ startSample, endSample: toSamples(event.data.end), blob: event.blob });
      }
      index.seen = event.n;
    }
  }

  async function hashOn(session: string, index: SessionIndex): Promise<void> {
    for (const stretch of index.stretches.slice(index.hashed)) {
      index.hash.update(await stretchBytes(session, stretch));
      index.hashed += 1;
    }
  }

  async function stretchBytes(session: string, { startSample, endSample, blob }: StoredStretch) {
    // Half a minute of audio is a lot to decrypt, and acknowledgements do not wait for a minute of it.
    await nextTurn();
    const bytes = await corpus.blob(session, blob);
    if (bytes.length !== (endSample - startSample) * 2) throw new CodedError('CORRUPT');
    return bytes;
  }

  async function indexOf(session: string): Promise<SessionIndex> {
    const index = indexes.get(session) ?? {
      ...{ stretches: [], seen: 0, update: Promise.resolve() },
      ...{ hash: createHash('sha256'), hashed: 0 },
    };
    indexes.delete(session);
    indexes.set(session, index);
    if (indexes.size > MAX_SESSIONS) indexes.delete(indexes.keys().next().value!);
    const update = index.update.catch(() => {}).then(() => carryOn(session, index));
    index.update = update;
    await update;
    return index;
  }

  async function* pieces(session: string, stretches: readonly StoredStretch[], from: number, to: number) {
    for (
      let at = findStretch(stretches, from);
      at < stretches.length && stretches[at]!.startSample < to;
      at++
    ) {
      const { startSample, endSample } = stretches[at]!;
      const bytes = await stretchBytes(session, stretches[at]!);
      const first = Math.max(from, startSample) - startSample;
      yield bytes.subarray(first * 2, (Math.min(to, endSample) - startSample) * 2);
    }
  }

  async function* wavBytes(session: string, stretches: readonly StoredStretch[], from: number, to: number) {
    const samples = stretches.at(-1)?.endSample ?? 0;
    if (from < WAV_HEADER_BYTES) yield wavHeader(samples).subarray(from, to);
    const first = Math.max(0, from - WAV_HEADER_BYTES);
    const last = to - WAV_HEADER_BYTES;
    // A range may cut a sample in two: the bytes of its other half are left off here.
    let offset = first & ~1;
    for await (const piece of pieces(session, stretches, first >> 1, Math.ceil(last / 2))) {
      yield piece.subarray(Math.max(0, first - offset), Math.min(piece.length, last - offset));
      offset += piece.length;
    }
  }

  return {
    async storedSamples(session) {
      return (await indexOf(session)).stretches.at(-1)?.endSample ?? 0;
    },

    async read(session, fromSample, toSample) {
      const { stretches } = await indexOf(session);
      const stored = stretches.at(-1)?.endSample ?? 0;
      if (!(fromSample >= 0 && fromSample <= toSample && toSample <= stored)) {
        throw new RangeError(`Samples ${fromSample} to ${toSample} are asked for, ${stored} are stored.`);
      }
      const parts: Int16Array[] = [];
      for await (const piece of pieces(session, stretches, fromSample, toSample))
        parts.push(fromBytes(piece));
      return concatSamples(parts);
    },

    async wav(session) {
      const index = await indexOf(session);
      // A copy: the session may go on while the file is being read.
      const stretches = [...index.stretches];
      const samples = stretches.at(-1)?.endSample ?? 0;
      const bytes = WAV_HEADER_BYTES + samples * 2;
      return {
        samples,
        bytes,
        stream: (from = 0, to = bytes) => wavBytes(session, stretches, from, Math.min(to, bytes)),
      };
    },

    async digest(session) {
      const index = await indexOf(session);
      const update = index.update.catch(() => {}).then(() => hashOn(session, index));
      index.update = update;
      await update;
      return index.hash.copy().digest('hex');
    },

    forget(session) {
      indexes.delete(session);
    },
  };
}

/** The index of the stretch that holds a sample. */
function findStretch(stretches: readonly StoredStretch[], sample: number): number {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stretches[middle]!.endSample <= sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
