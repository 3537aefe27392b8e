/** Opens the corpus database, for writing (asserting that commits are durable) or for reading. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrate, refuseNewer, versionOf } from './migrations.ts';

export const DATABASE_FILE = 'corpus.db';
/** Before it, two connections writing and checkpointing at the same moment could damage a WAL database. */
const OLDEST_SQLITE = [3, 51, 3];
/** A reader waits for a recovery under way. */
const READER_BUSY_MILLISECONDS = 5000;
/** The writer has no rival; only the clearing of the log meets readers, and must not hold up commits for long. */
const WRITER_BUSY_MILLISECONDS = 100;

export interface WriteOptions {
  directory: string;
  /** The database file grows no further than this. */
  maxBytes?: number | undefined;
}

/** @throws Error with one sentence when the database cannot promise that a commit is on disk (rule I1). */
export function openForWriting({ directory, maxBytes }: WriteOptions): Database.Database {
  const db = new Database(join(directory, DATABASE_FILE), { timeout: WRITER_BUSY_MILLISECONDS });
  try {
    assertVersion(db);
    refuseNewer(db);
    if (db.pragma('journal_mode = WAL', { simple: true }) !== 'wal') {
      throw new Error(`The corpus in ${directory} cannot use a write-ahead log; put it on a local disk.`);
    }
    db.pragma('synchronous = FULL');
    db.pragma('fullfsync = ON');
    db.pragma('checkpoint_fullfsync = ON');
    // What is deleted is overwritten: an erased key must not lie on in a free page (rule C2).
    db.pragma('secure_delete = ON');
    if (db.pragma('synchronous', { simple: true }) !== 2) throw new Error('SQLite refuses synchronous=FULL.');
    if (maxBytes !== undefined) {
      const pageSize = db.pragma('page_size', { simple: true }) as number;
      db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
    }
    migrate(db);
    clearLog(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * A write that failed may have left frames in the log that a recovery after a crash would take for committed ones, and
 * an erasure before a crash what it deleted. A disk too full for it is no reason to stand still: the next commit
 * overwrites such frames, as long as no crash comes before it.
 */
function clearLog(db: Database.Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    if ((error as { code?: string }).code !== 'SQLITE_FULL') throw error;
  }
}

/** @throws Error when there is no database or it is of another version. */
export function openForReading(directory: string): Database.Database {
  const db = new Database(join(directory, DATABASE_FILE), {
    readonly: true,
    timeout: READER_BUSY_MILLISECONDS,
  });
  try {
    assertVersion(db);
    refuseNewer(db);
    if (versionOf(db) === 0) throw new Error(`There is no corpus in ${directory} yet.`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Makes the names of new files in a directory durable. */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function assertVersion(db: Database.Database): void {
  const version = db.prepare('SELECT sqlite_version()').pluck().get() as string;
  const parts = version.split('.').map(Number);
  const different = OLDEST_SQLITE.findIndex((wanted, index) => parts[index] !== wanted);
  if (different !== -1 && (parts[different] ?? 0) < OLDEST_SQLITE[different]!) {
    throw new Error(
      `SQLite ${version} is too old for the corpus; ${OLDEST_SQLITE.join('.')} or newer is needed.`,
    );
  }
}
