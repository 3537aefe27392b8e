/** The event store on one SQLite file: writes in a thread of their own, reads where they are asked for. */
import { mkdirSync, statfsSync } from 'node:fs';
import { type EventStore, StoreReadError, StoreWriteError } from '../event-store.ts';
import { backupDatabase } from './backup.ts';
import { openForReading, openForWriting, syncDirectory, type WriteOptions } from './open-database.ts';
import { prepareReads } from './read.ts';
import { startWriter } from './writer.ts';
import { lockForWriting } from './writer-lock.ts';

export interface SqliteEventStoreOptions extends WriteOptions {
  /** Only the reads; may be opened beside a process that writes. */
  readOnly?: boolean | undefined;
}

/** @throws Error with one sentence when another process writes here, or the database is unfit (see `openForWriting`). */
export function openSqliteEventStore({ directory, maxBytes, readOnly }: SqliteEventStoreOptions): EventStore {
  const unlock = readOnly ? () => {} : prepareForWriting({ directory, maxBytes });
  const db = openForReading(directory);
  const reads = translateErrors(prepareReads(db));
  const writer = readOnly ? undefined : startWriter({ directory, maxBytes });
  const refused = () => Promise.reject(new StoreWriteError('The corpus is open for reading only.'));

  return {
    ...reads,
    commit: (change) => writer?.commit(change) ?? refused(),
    noteFaults: (faults) => writer?.noteFaults(faults) ?? refused(),
    scrub: () => writer?.scrub() ?? refused(),
    freeBytes() {
      const { bavail, bsize } = statfsSync(directory);
      return bavail * bsize;
    },
    backup: (destination) => backupDatabase(directory, destination),
    async close() {
      // The writer goes last: the last connection puts the log into the database, and a reader cannot.
      db.close();
      await writer?.close();
      unlock();
    },
  };
}

/** Creates and checks everything here, so that a start that cannot succeed fails at once and says why. */
function prepareForWriting(options: WriteOptions): () => void {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const unlock = lockForWriting(options.directory);
  try {
    openForWriting(options).close();
    syncDirectory(options.directory);
    return unlock;
  } catch (error) {
    unlock();
    throw error;
  }
}

/** So that what a damaged page does to SQLite reaches the corpus under one name. */
function translateErrors<Reads extends object>(reads: Reads): Reads {
  const translated = Object.entries(reads).map(([name, read]) => [
    name,
    (...args: unknown[]) => {
      try {
        return (read as (...args: unknown[]) => unknown)(...args);
      } catch (error) {
        throw new StoreReadError((error as { code?: string }).code ?? 'SQLITE_ERROR', { cause: error });
      }
    },
  ]);
  return Object.fromEntries(translated) as Reads;
}
