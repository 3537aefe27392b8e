/** A consistent copy of the database while others write. */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DATABASE_FILE, openForReading, syncDirectory } from './open-database.ts';

/** Pages copied between two turns of the event loop: 1 MiB. */
const PAGES_PER_STEP = 256;

/** @throws Error when `destination` holds a corpus already. */
export async function backupDatabase(directory: string, destination: string): Promise<void> {
  const target = join(destination, DATABASE_FILE);
  if (existsSync(target))
    throw new Error(`There is a corpus in ${destination} already; name an empty directory.`);
  mkdirSync(destination, { recursive: true, mode: 0o700 });
  const partial = `${target}.partial`;
  const source = openForReading(directory);
  try {
    // The open read keeps one instant in view; otherwise every commit elsewhere would start the copy again.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM totals').get();
    await source.backup(partial, { progress: () => PAGES_PER_STEP });
  } finally {
    source.close();
  }
  const descriptor = openSync(partial, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(partial, target);
  syncDirectory(destination);
}
