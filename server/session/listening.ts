/**
 * From stored slices to the timeline, one after another: each slice gets its place, or a gap of its stated length, and
 * the samples go on to whoever listens. After a restart the decoder is built up again from the slices on disk.
 */

import { CodedError, type ErrorCode } from '../../shared/errors.ts';
import type { NewEvent } from '../../shared/events.ts';
import type { CreateStreamDecoder, StreamDecoder } from '../audio/stream-decoder.ts';
import { toSamples, toSeconds } from '../audio/timeline.ts';
import type { SessionHistory, StoredSlice } from './history.ts';

export interface ListeningOptions {
  /** Kept up to date by the session as it appends. */
  history: SessionHistory;
  createDecoder: CreateStreamDecoder;
  readBlob(address: string): Promise<Uint8Array>;
  /** Does not reject while the session lives: what the disk refuses now it is given again later. */
  append(events: NewEvent[]): Promise<void>;
  /**
   * Samples of the timeline from sample number `start` on. After a restart some of them were heard before: the
   * listener takes what it does not have yet. Resolves when the next may come.
   */
  onSamples(start: number, samples: Int16Array): Promise<void>;
  /** A stretch without audio, in samples. */
  onGap(start: number, end: number): Promise<void>;
  onDegraded(code: ErrorCode, seq: number): void;
  /** Something failed that is not the audio's fault; what stands on disk is not touched by it. */
  onFault(error: unknown): void;
}

export interface Listening {
  /** The slice's event is on disk. */
  take(slice: StoredSlice, bytes: Uint8Array): void;
  /** Marks the place on the timeline after everything taken so far. */
  mark(event: 'session.paused' | 'session.resumed'): void;
  /** Resolves when everything taken is on the timeline, what decoders hold back included. */
  settle(): Promise<void>;
  close(): void;
}

export function createListening(options: ListeningOptions): Listening {
  const { history } = options;
  let decoder: { stream: StreamDecoder; epoch: number; last: StoredSlice } | undefined;
  /** Sample number that the next decoded sample gets. */
  let position = toSamples(history.timelineEnd);
  let closed = false;
  let queue: Promise<void> = Promise.resolve();

  // Tasks run one at a time and in order; one that fails does not stop those behind it.
  const enqueue = (task: () => Promise<void>): Promise<void> => {
    const run = queue.then(() => (closed ? undefined : task()));
    queue = run.catch(options.onFault);
    return run;
  };

  const place = async (slice: StoredSlice, start: number, degraded?: ErrorCode) => {
    if (position <= toSamples(history.timelineEnd) && slice.place !== undefined) return;
    const { seq } = slice;
    const interval = { start: toSeconds(start), end: toSeconds(position) };
    await options.append([
      degraded === undefined
        ? { type: 'slice.decoded', data: { seq, ...interval } }
        : { type: 'slice.degraded', data: { seq, ...interval, reason: degraded } },
    ]);
  };

  const hear = async (samples: Int16Array) => {
    if (samples.length === 0) return;
    const start = position;
    position += samples.length;
    await options.onSamples(start, samples);
  };

  /** What the decoder still held belongs to the last slice of its epoch, whose place grows by it. */
  const endEpoch = async () => {
    if (decoder === undefined) return;
    const { stream, last } = decoder;
    decoder = undefined;
    const begin = history.slices[last.seq]?.place?.start;
    const rest = await stream.end().catch(() => new Int16Array(0));
    if (rest.length === 0 || closed) return;
    await hear(rest);
    await place(last, toSamples(begin ?? history.timelineEnd));
  };

  const decode = async (slice: StoredSlice, bytes: Uint8Array) => {
    if (decoder?.epoch !== slice.epoch) {
      await endEpoch();
      decoder = { stream: options.createDecoder(slice.mime), epoch: slice.epoch, last: slice };
    }
    decoder.last = slice;
    const start = position;
    try {
      await hear(await decoder.stream.push(bytes));
    } catch (error) {
      const code = error instanceof CodedError ? error.code : 'DECODE_DEGRADED';
      if (!(error instanceof CodedError)) options.onFault(error);
      const length = slice.place?.degraded
        ? toSamples(slice.place.end - slice.place.start)
        : toSamples(slice.durationMs / 1000);
      position += length;
      await options.onGap(start, position);
      await place(slice, start, code);
      options.onDegraded(code, slice.seq);
      return;
    }
    await place(slice, start);
  };

  // Settled now: slices that come from here on are taken in their turn, not replayed.
  const from = firstToReplay(history);
  if (from !== undefined) {
    position = toSamples(from.place?.start ?? history.timelineEnd);
    for (const slice of history.slices.slice(from.seq)) {
      void enqueue(async () => decode(slice, await options.readBlob(slice.blob)));
    }
  }

  return {
    take(slice, bytes) {
      void enqueue(() => decode(slice, bytes));
    },
    mark(event) {
      void enqueue(() => options.append([{ type: event, data: { at: toSeconds(position) } }]));
    },
    settle: () => enqueue(endEpoch),
    close() {
      closed = true;
      decoder?.stream.close();
      decoder = undefined;
    },
  };
}

/**
 * After a restart: the first slice of the oldest epoch that still matters, because its decoder may be needed for
 * slices to come, or because part of its audio is not stored as samples yet.
 */
export function firstToReplay(history: SessionHistory): StoredSlice | undefined {
  const { slices } = history;
  const ended = history.finish !== undefined;
  const owing = slices.find(
    ({ place }) => place === undefined || toSamples(place.end) > toSamples(history.audioStored),
  );
  const oldest = owing ?? (ended ? undefined : slices.at(-1));
  return oldest && slices.find((slice) => slice.epoch === oldest.epoch);
}
