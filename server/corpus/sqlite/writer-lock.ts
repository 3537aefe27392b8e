/** One process writes. The lock is the operating system's, so it is gone with the process that held it. */
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** @throws Error with one sentence when another process writes to this directory. Returns the release. */
export function lockForWriting(directory: string): () => void {
  const lock = new Database(join(directory, 'writer.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
    throw new Error(
      `Another Auscult server is writing to ${directory}; stop it, or give this one its own directory.`,
    );
  }
  return () => lock.close();
}
