/**
 * Where each stream stands: the one writer's own knowledge, from which the next events are numbered and chained. A
 * batch stages on top of it; what a failed commit staged is forgotten, and the truth is read from the disk again.
 */
import {
  equalBytes,
  FIRST_PREVIOUS,
  hashEvent,
  sealStream,
  sealTotals,
  streamHolds,
  totalsHold,
} from './chain.ts';
import type { Change, EventStore, StoredBlob, StoredEvent, StreamRecord } from './event-store.ts';
import type { HighWaterMark } from './high-water-mark.ts';
import { DamagedStream } from './read-stream.ts';
import { initialState } from './session-state.ts';

/** Records held in memory; the least recently used goes first. */
const KEPT = 4096;

export interface Batch {
  /** Undefined when there is no such stream. @throws DamagedStream when its end does not verify. */
  record(stream: string): StreamRecord | undefined;
  /** A stream that was not there before. */
  create(record: StreamRecord): void;
  add(record: StreamRecord, events: readonly StoredEvent[], blobs: readonly StoredBlob[]): void;
  /** Also takes back what of the stream this batch was going to store. */
  destroy(stream: string): void;
  readonly keys: Change['keys'];
  readonly erasures: readonly string[];
  /** Bytes that blobs may still take, so that room remains for the log itself. */
  room: number;
}

export interface Ledger {
  begin(): Batch;
  /** Resolves when the batch is on disk. @throws StoreWriteError when none of it is. */
  commit(batch: Batch): Promise<void>;
}

interface Counts {
  streams: number;
  events: number;
  /** Once false, the stored totals are left as they are: a new seal would hide from verify what happened to them. */
  holds: boolean;
}

/** What the batches start from; `lost`: events that the mark knows and the store does not. */
interface Standing extends Counts {
  lost: number;
}

export function newRecord(stream: string, at: string): StreamRecord {
  return { ...initialState, stream, openedAt: at, lastEventAt: at, events: 0, head: FIRST_PREVIOUS };
}

export function createLedger(
  store: EventStore,
  sealKey: Uint8Array,
  mark: HighWaterMark,
  reserveBytes: number,
): Ledger {
  const kept = new Map<string, StreamRecord>();
  let counts: Standing | undefined;
  const staged = new WeakMap<Batch, { change: Change; records: Map<string, StreamRecord>; added: Counts }>();

  function load(stream: string): StreamRecord | undefined {
    const known = kept.get(stream);
    if (known !== undefined) return known;
    const record = store.record(stream);
    if (record === undefined) return undefined;
    if (!streamHolds(sealKey, record)) {
      throw new DamagedStream(stream, record.events, 'the record of the stream has been changed');
    }
    // The whole chain is followed by readers and by verify; here it is enough that the end is whole.
    const [last, beyond] = store.page(stream, Math.max(0, record.events - 1), 2).events;
    if (record.events > 0 && (last === undefined || !equalBytes(hashEvent(last), record.head))) {
      throw new DamagedStream(stream, record.events, 'it is not the event that was stored last');
    }
    if (beyond !== undefined)
      throw new DamagedStream(stream, beyond.n, 'there are more events than were appended');
    return record;
  }

  function keep(record: StreamRecord): void {
    kept.delete(record.stream);
    kept.set(record.stream, record);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  }

  function loadCounts(): Standing {
    const { totals } = store.census();
    const holds = totals !== undefined && totalsHold(sealKey, totals);
    const events = totals?.events ?? 0;
    const marked = mark.read();
    const lost = typeof marked === 'number' ? Math.max(0, marked - events) : 0;
    return { streams: totals?.streams ?? 0, events, holds, lost };
  }

  return {
    begin() {
      const change: Change = {
        events: [],
        blobs: [],
        streams: [],
        keys: [],
        erasures: [],
        totals: undefined,
      };
      const records = new Map<string, StreamRecord>();
      const added: Counts = { streams: 0, events: 0, holds: true };
      const batch: Batch = {
        record: (stream) => records.get(stream) ?? load(stream),
        create(record) {
          added.streams++;
          records.set(record.stream, record);
        },
        add(record, events, blobs) {
          added.events += events.length;
          records.set(record.stream, record);
          change.events.push(...events);
          change.blobs.push(...blobs);
          for (const blob of blobs) batch.room -= blob.bytes.byteLength;
        },
        destroy(stream) {
          change.erasures.push(stream);
          change.blobs = change.blobs.filter((blob) => blob.stream !== stream);
          batch.keys.splice(0, batch.keys.length, ...batch.keys.filter((key) => key.stream !== stream));
        },
        keys: change.keys,
        erasures: change.erasures,
        room: store.freeBytes() - reserveBytes,
      };
      staged.set(batch, { change, records, added });
      return batch;
    },

    async commit(batch) {
      const { change, records, added } = staged.get(batch)!;
      counts ??= loadCounts();
      const { holds, lost } = counts;
      const next = {
        streams: counts.streams + added.streams,
        events: counts.events + added.events,
        holds,
        lost,
      };
      change.streams = [...records.values()].map((record) => sealStream(sealKey, record));
      if (holds) change.totals = sealTotals(sealKey, next);
      try {
        await store.commit(change);
      } catch (error) {
        kept.clear();
        counts = undefined;
        throw error;
      }
      // What was lost stays lost: the mark keeps its lead, and verify goes on to say so.
      if (holds) mark.write(next.events + lost);
      for (const record of records.values()) keep(record);
      counts = next;
    },
  };
}
