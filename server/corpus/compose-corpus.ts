/** The port's methods on a store, a keyring and a ledger. */
import { CodedError } from '../../shared/errors.ts';
import type { CorpusEvent, EventType, NewEvent } from '../../shared/events.ts';
import type { Clock } from '../clock.ts';
import { addressOf, streamHolds } from './chain.ts';
import { validate } from './codec.ts';
import {
  ConcurrencyError,
  type Corpus,
  type SessionSummary,
  type StreamKind,
  SYSTEM_STREAM,
  VOCABULARY_PREFIX,
  VOICE_PREFIX,
} from './corpus.ts';
import { createDamage } from './damage.ts';
import { protect, unprotect, unprotectBlob } from './envelope.ts';
import { type EventStore, type SealedStream, type StoredEvent, StoreWriteError } from './event-store.ts';
import { createGroupCommit } from './group-commit.ts';
import type { HighWaterMark } from './high-water-mark.ts';
import type { Keyring } from './keyring.ts';
import { type Batch, createLedger, newRecord } from './ledger.ts';
import { newMasterKey, readMasterKeys, replaceMasterKeys } from './master-key-file.ts';
import { checkEvent, DamagedStream, readStream } from './read-stream.ts';
import { auditTypes, evolve } from './session-state.ts';
import { createSubscriptions } from './subscriptions.ts';
import { verifyCorpus } from './verify.ts';

export interface CorpusParts {
  store: EventStore;
  keyring: Keyring;
  mark: HighWaterMark;
  masterKeyFile: string;
  readOnly: boolean;
  clock: Clock;
  reserveBytes: number;
  onListenerError: (error: unknown) => void;
}

/** Staging 256 slices of 12 KB takes some ten milliseconds, the longest that the event loop should be held up. */
const BATCH_LIMITS = { tasks: 256, weight: 16 * 1024 * 1024 };
/** Far above any slice or result, below what SQLite takes in a row. */
const BLOB_BYTES = 512 * 1024 * 1024;
const SCRUB_RETRY_MILLISECONDS = 200;
const SCRUB_TRIES = 25;

export function composeCorpus(parts: CorpusParts): Corpus {
  const { store, keyring, mark, masterKeyFile, readOnly, clock } = parts;
  const damage = createDamage(store, readOnly);
  const subscriptions = createSubscriptions(parts.onListenerError);
  const ledger = createLedger(store, keyring.sealKey, mark, parts.reserveBytes);
  const commits = createGroupCommit<Batch>({ begin: ledger.begin, commit, limits: BATCH_LIMITS });
  let closed = false;

  async function commit(batch: Batch): Promise<void> {
    try {
      await ledger.commit(batch);
    } catch (error) {
      keyring.forgetAll();
      throw error instanceof StoreWriteError
        ? new CodedError('STORAGE_UNAVAILABLE', { cause: error })
        : error;
    }
    for (const stream of batch.erasures) keyring.forget(stream);
  }

  /** Stages in the queue of commits; every error leaves it under a stable code. */
  async function write<Result>(
    stream: string,
    events: readonly NewEvent[],
    stage: (batch: Batch) => Result,
    { evenDamaged = false } = {},
  ): Promise<Result> {
    if (readOnly) throw new Error('The corpus is open for reading only.');
    if (closed) throw new CodedError('SHUTTING_DOWN');
    const weight = events.reduce((sum, event) => sum + (event.blob?.byteLength ?? 0), 0);
    if (events.some((event) => (event.blob?.byteLength ?? 0) > BLOB_BYTES)) throw new CodedError('TOO_BIG');
    try {
      return await commits.submit({
        weight,
        stage(batch) {
          if (damage.isDamaged(stream) && !evenDamaged) throw new CodedError('CORRUPT');
          if (weight > 0 && weight > batch.room) throw new CodedError('STORAGE_UNAVAILABLE');
          return stage(batch);
        },
        committed: (result) => {
          if (Array.isArray(result)) subscriptions.publish(result as CorpusEvent[]);
        },
      });
    } catch (error) {
      throw damage.coded(stream, error);
    }
  }

  /** Numbers, encrypts and chains the events; the batch is touched only when all of them succeeded. */
  function stageEvents(batch: Batch, stream: string, events: readonly NewEvent[]): CorpusEvent[] {
    const at = new Date(clock.now()).toISOString();
    let record = batch.record(stream)!;
    const staged = events.map((event) => {
      const rows = protect(keyring, record, event, at);
      record = {
        ...record,
        ...evolve(record, event),
        events: rows.row.n,
        head: rows.row.hash,
        lastEventAt: at,
      };
      return rows;
    });
    const blobs = staged.flatMap(({ blob }) => (blob === undefined ? [] : [blob]));
    batch.add(
      record,
      staged.map(({ row }) => row),
      blobs,
    );
    return staged.map(({ published }) => published);
  }

  function readable(stream: string, row: StoredEvent): CorpusEvent | undefined {
    try {
      return unprotect(keyring, row);
    } catch {
      throw new DamagedStream(stream, row.n, 'its payload does not open');
    }
  }

  function summarize(record: SealedStream): SessionSummary {
    const { stream: session, owner, tenant, openedAt, lastEventAt, events, slices, state } = record;
    const whole = !damage.isDamaged(session) && streamHolds(keyring.sealKey, record);
    return {
      session,
      owner,
      tenant,
      openedAt,
      lastEventAt,
      events,
      slices,
      state: whole ? state : 'corrupt',
    };
  }

  /** Overwrites the log, as soon as no reader elsewhere still needs its old pages. */
  async function scrub(): Promise<void> {
    for (let tries = 0; tries < SCRUB_TRIES; tries++) {
      if (await store.scrub()) return;
      await new Promise<void>((resolve) => clock.after(SCRUB_RETRY_MILLISECONDS, resolve));
    }
    throw new StoreWriteError('A reader holds the write-ahead log.');
  }

  return {
    async open(session, opened) {
      if (!/^[^$]/.test(session)) throw new CodedError('BAD_MESSAGE');
      const events: NewEvent[] = [{ type: 'session.opened', data: validate('session.opened', opened) }];
      const [event] = await write(session, events, (batch) => {
        if (batch.record(session) !== undefined)
          throw new ConcurrencyError('There is a session of this name.');
        batch.keys.push(keyring.create(session));
        batch.create(newRecord(session, new Date(clock.now()).toISOString()));
        return stageEvents(batch, session, events);
      });
      return event!;
    },

    async append(session, events, { expected } = {}) {
      const valid = events.map((event) => ({ ...event, data: validate(event.type, event.data) }) as NewEvent);
      if (valid.some(({ type }) => type === 'session.erased')) throw new CodedError('BAD_MESSAGE');
      return write(session, valid, (batch) => {
        const record = batch.record(session);
        if (record === undefined) throw new CodedError('SESSION_UNKNOWN');
        if (
          record.state === 'erased' &&
          !valid.every(({ type, blob }) => auditTypes.has(type) && blob === undefined)
        ) {
          throw new CodedError('SESSION_UNKNOWN');
        }
        if (expected !== undefined && expected !== record.events) {
          throw new ConcurrencyError(`The last event is ${record.events}, not ${expected}.`);
        }
        return stageEvents(batch, session, valid);
      });
    },

    async *events(session, after = 0) {
      try {
        for await (const row of readStream(store, keyring.sealKey, session, after)) {
          const event = readable(session, row);
          if (event !== undefined) yield event;
        }
      } catch (error) {
        throw damage.coded(session, error);
      }
    },

    async latest<Type extends EventType>(session: string, type: Type) {
      try {
        const row = store.latest(session, type);
        if (row === undefined) return undefined;
        checkEvent(row, row.previous);
        return readable(session, row) as Extract<CorpusEvent, { type: Type }> | undefined;
      } catch (error) {
        throw damage.coded(session, error);
      }
    },

    async blob(session, address) {
      try {
        const ciphertext = store.blob(session, address);
        const key = keyring.keyOf(session);
        if (ciphertext === undefined || key === undefined) throw new CodedError('NOT_FOUND');
        if (addressOf(ciphertext) !== address) throw new DamagedStream(session, 0, 'a blob has been changed');
        return unprotectBlob(key, session, ciphertext);
      } catch (error) {
        throw damage.coded(session, error);
      }
    },

    async summary(session) {
      const record = session === SYSTEM_STREAM ? undefined : store.record(session);
      return record && summarize(record);
    },

    async sessions({ kind = 'session', tenant, owner, state } = {}) {
      const stored = state === 'corrupt' ? undefined : state;
      const summaries = store
        .records({ ...(tenant && { tenant }), ...(owner && { owner }), ...(stored && { state: stored }) })
        .filter(({ stream }) => stream !== SYSTEM_STREAM && kindOf(stream) === kind)
        .map(summarize);
      return state === undefined ? summaries : summaries.filter((summary) => summary.state === state);
    },

    subscribe: subscriptions.subscribe,

    async erase(session, by, reason) {
      if (session === SYSTEM_STREAM) throw new CodedError('FORBIDDEN');
      const events: NewEvent[] = [
        { type: 'session.erased', data: validate('session.erased', { by, reason }) },
      ];
      const erasure = (batch: Batch) => {
        const record = batch.record(session);
        if (record === undefined) throw new CodedError('SESSION_UNKNOWN');
        if (record.state === 'erased') return [];
        batch.destroy(session);
        return stageEvents(batch, session, events);
      };
      await write(session, [], erasure, { evenDamaged: true });
      await scrub().catch((cause) => {
        throw new CodedError('STORAGE_UNAVAILABLE', { cause });
      });
    },

    async verify(session) {
      const report = await verifyCorpus(store, keyring, mark, session);
      const damaged = new Map(
        report.faults.map(({ session: stream, n, what }) => [stream, { stream, n, what }]),
      );
      // Faults of the database as a whole make no session read-only.
      damaged.delete(SYSTEM_STREAM);
      for (const stream of session === undefined ? damage.streams() : [session])
        damage.note(stream, damaged.get(stream));
      for (const fault of damaged.values()) damage.note(fault.stream, fault);
      return report;
    },

    backup: (directory) => store.backup(directory),

    async rotateMasterKey() {
      const next = newMasterKey();
      // Both keys are in the file while data keys are wrapped under either: a crash at any point leaves all readable.
      const both = [next, ...readMasterKeys(masterKeyFile)] as const;
      replaceMasterKeys(masterKeyFile, both);
      keyring.adopt(both);
      await write(SYSTEM_STREAM, [], (batch) => {
        const wrapped = keyring.rewrapped(next).filter(({ stream }) => !batch.erasures.includes(stream));
        batch.keys.push(...wrapped);
      });
      await scrub();
      replaceMasterKeys(masterKeyFile, [next]);
      keyring.adopt([next]);
    },

    async close() {
      closed = true;
      await commits.drain();
      await store.close();
      mark.close();
    },
  };
}

function kindOf(stream: string): StreamKind {
  if (stream.startsWith(VOICE_PREFIX)) return 'voice';
  return stream.startsWith(VOCABULARY_PREFIX) ? 'vocabulary' : 'session';
}
