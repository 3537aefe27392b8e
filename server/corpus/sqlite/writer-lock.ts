/** One process writes. The lock is the operating system's, so it is gone with the process that held it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const LOCK_FILE = 'writer.lock';

/** @throws Error with one sentence when another process writes to this directory. Returns the release. */
export function lockForWriting(directory: string): () => void {
  const release = tryLock(directory);
  if (release !== undefined) return release;
  throw new Error(
    `Another Auscult server is writing to ${directory}; stop it, or give this one its own directory.`,
  );
}

/** Whether a process, such as the server, has the corpus open for writing at this moment. */
export function isBeingWritten(directory: string): boolean {
  if (!existsSync(join(directory, LOCK_FILE))) return false;
  const release = tryLock(directory);
  release?.();
  return release === undefined;
}

function tryLock(directory: string): (() => void) | undefined {
  const lock = new Database(join(directory, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
}
