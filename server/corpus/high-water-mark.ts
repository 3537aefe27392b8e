/**
 * How many events were appended, in a small file beside the database. After a crash SQLite replays its write-ahead log
 * up to the first frame whose checksum is wrong and says nothing about those behind it; against this mark their loss
 * shows.
 *
 * The mark is written in place after each commit and not synced: one that a power cut took back is older than the
 * truth, and claims nothing that is not so.
 */
import { closeSync, existsSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, sealMark } from './chain.ts';
import { syncDirectory } from './sqlite/open-database.ts';

const MARK_FILE = 'corpus.mark';
/** The number of events (unsigned, big-endian) and the seal over it. */
const NUMBER_BYTES = 8;
const MARK_BYTES = NUMBER_BYTES + 32;

export interface HighWaterMark {
  /** Undefined where there is no mark. */
  read(): number | 'changed' | undefined;
  write(events: number): void;
  close(): void;
}

const none: HighWaterMark = { read: () => undefined, write() {}, close() {} };

export function openHighWaterMark(directory: string, sealKey: Uint8Array, readOnly: boolean): HighWaterMark {
  const path = join(directory, MARK_FILE);
  if (!existsSync(path) && (readOnly || !create(directory, sealKey))) return none;
  const descriptor = openSync(path, readOnly ? 'r' : 'r+');
  let closed = false;

  function readOnce(): number | 'changed' | undefined {
    const mark = Buffer.alloc(MARK_BYTES);
    // A shorter one was cut off before there was anything to claim.
    if (readSync(descriptor, mark, 0, MARK_BYTES, 0) < MARK_BYTES) return undefined;
    const events = Number(mark.readBigUInt64BE());
    if (!Number.isSafeInteger(events)) return 'changed';
    return equalBytes(mark.subarray(NUMBER_BYTES), sealMark(sealKey, events)) ? events : 'changed';
  }

  return {
    read() {
      const mark = readOnce();
      // Read by a tool while the server was writing it, it may be of two minds once.
      return mark === 'changed' ? readOnce() : mark;
    },
    write(events) {
      try {
        writeSync(descriptor, encode(sealKey, events), 0, MARK_BYTES, 0);
      } catch {
        // The events are on disk; an older mark claims less.
      }
    },
    close() {
      // Its number is soon another file's: it must not be closed twice.
      if (!closed) closeSync(descriptor);
      closed = true;
    },
  };
}

function encode(sealKey: Uint8Array, events: number): Uint8Array {
  const number = Buffer.alloc(NUMBER_BYTES);
  number.writeBigUInt64BE(BigInt(events));
  return Buffer.concat([number, sealMark(sealKey, events)]);
}

/** Synced once, so that its length lasts and no later mark is half there. A disk too full for it is no reason to stand still. */
function create(directory: string, sealKey: Uint8Array): boolean {
  try {
    writeFileSync(join(directory, MARK_FILE), encode(sealKey, 0), { mode: 0o600, flush: true });
    syncDirectory(directory);
    return true;
  } catch {
    return false;
  }
}
