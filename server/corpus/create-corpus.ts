/** The corpus on SQLite: puts the store, the keys, the chain and the group commit together. */
import { existsSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.ts';
import { sealStream, sealTotals } from './chain.ts';
import { composeCorpus } from './compose-corpus.ts';
import { type Corpus, SYSTEM_STREAM } from './corpus.ts';
import { type EventStore, StoreWriteError, type WrappedKey } from './event-store.ts';
import { openHighWaterMark } from './high-water-mark.ts';
import { createKeyring, createSystemKey, systemKeyPlaces } from './keyring.ts';
import { newRecord } from './ledger.ts';
import { createMasterKeyFile, readMasterKeys } from './master-key-file.ts';
import { openSqliteEventStore } from './sqlite/sqlite-event-store.ts';

export interface CorpusOptions {
  /** Holds `corpus.db`, its log and the writer's lock; created with mode 0700 when missing. A local disk. */
  directory: string;
  /** Created with mode 0600 when missing, unless there is a corpus already. Keep it apart from the backups. */
  masterKeyFile: string;
  /** For tools beside a running server; appending is refused. */
  readOnly?: boolean;
  /**
   * Events with blobs are refused when the disk has less than this left (bytes; default 64 MiB), so that the other
   * events and the write-ahead log (some 4 MiB) always have room, and a disk that was full is written to again by itself.
   */
  reserveBytes?: number;
  /** The database grows no further than this; by default until the disk is full. */
  maxBytes?: number;
  clock?: Clock;
  /** Told what a subscriber threw; by default nothing is done about it. */
  onListenerError?: (error: unknown) => void;
}

const RESERVE_BYTES = 64 * 1024 * 1024;

/**
 * @throws Error with one sentence when another process writes here, the database is of a newer version or cannot
 *   promise durability, or the master key is missing or not the right one.
 */
export async function createCorpus(options: CorpusOptions): Promise<Corpus> {
  const {
    directory,
    masterKeyFile,
    readOnly = false,
    clock = systemClock,
    reserveBytes = RESERVE_BYTES,
  } = options;
  const store = openSqliteEventStore({ directory, maxBytes: options.maxBytes, readOnly });
  try {
    await prepareKeys(store, masterKeyFile, readOnly, timestamp(clock));
    const keyring = createKeyring(store, readMasterKeys(masterKeyFile));
    if (!readOnly) await storeKeys(store, keyring.missingCopy());
    const mark = openHighWaterMark(directory, keyring.sealKey, readOnly);
    const { onListenerError = () => {} } = options;
    return composeCorpus({
      store,
      keyring,
      mark,
      masterKeyFile,
      readOnly,
      clock,
      reserveBytes,
      onListenerError,
    });
  } catch (error) {
    await store.close();
    throw error;
  }
}

function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/** On the first start: the master key, the system stream with its key, and the totals. */
async function prepareKeys(
  store: EventStore,
  masterKeyFile: string,
  readOnly: boolean,
  at: string,
): Promise<void> {
  // Also without a readable key it is not new: one made now would fit nothing that is stored.
  const isNew =
    systemKeyPlaces.every((place) => store.key(place) === undefined) && store.census().streams === 0;
  if (!existsSync(masterKeyFile)) {
    if (readOnly || !isNew) {
      throw new Error(
        `The master key ${masterKeyFile} is missing; nothing can be read without it: put it back.`,
      );
    }
    createMasterKeyFile(masterKeyFile);
  }
  if (!isNew || readOnly) return;
  const [master] = readMasterKeys(masterKeyFile);
  const { stored, sealKey } = createSystemKey(master);
  await store.commit({
    events: [],
    blobs: [],
    erasures: [],
    keys: stored,
    streams: [sealStream(sealKey, newRecord(SYSTEM_STREAM, at))],
    totals: sealTotals(sealKey, { streams: 1, events: 0 }),
  });
}

async function storeKeys(store: EventStore, keys: WrappedKey[]): Promise<void> {
  if (keys.length === 0) return;
  try {
    await store.commit({ events: [], blobs: [], erasures: [], keys, streams: [], totals: undefined });
  } catch (error) {
    // A full disk is no reason to stand still: the next start has another chance.
    if (!(error instanceof StoreWriteError)) throw error;
  }
}
