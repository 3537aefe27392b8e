/** The worker thread that owns the writing connection: a commit waits for the disk, and nothing else should. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { openForWriting, type WriteOptions } from './open-database.ts';
import { prepareWrites, type Writes } from './write.ts';

/** One call of a method of `Writes`. */
export type WriteCall = {
  [Method in keyof Writes]: { id: number; method: Method; args: Parameters<Writes[Method]> };
}[keyof Writes];

export type WriteAnswer = { id: number; result: unknown } | { id: number; failure: string };

const port = parentPort!;
let db: Database | undefined;
let writes: Writes | undefined;

port.on('message', (call: WriteCall | 'close') => {
  if (call === 'close') {
    db?.close();
    port.close();
    return;
  }
  try {
    if (writes === undefined) {
      db = openForWriting(workerData as WriteOptions);
      writes = prepareWrites(db);
    }
    const method = writes[call.method] as (...args: unknown[]) => unknown;
    port.postMessage({ id: call.id, result: method(...call.args) } satisfies WriteAnswer);
  } catch (error) {
    // After a failed write or fsync the page cache may not be what the disk has: the files are opened anew.
    closeAfterFailure();
    port.postMessage({ id: call.id, failure: describe(error) } satisfies WriteAnswer);
  }
});

function closeAfterFailure(): void {
  try {
    db?.close();
  } catch {
    // The connection is unusable, which is why it goes.
  }
  db = undefined;
  writes = undefined;
}

/** SQLite's code and words; never a bound value (rule C4). */
function describe(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code === undefined ? String(message) : `${code}: ${message}`;
}
