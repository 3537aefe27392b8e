/** The one transaction that writes: everything of a change, or nothing. */
import type { Database } from 'better-sqlite3';
import type { Change, StreamFault } from '../event-store.ts';

export interface Writes {
  commit(change: Change): void;
  noteFaults(faults: readonly { stream: string; fault: StreamFault | undefined }[]): void;
  /** True when the write-ahead log is empty afterwards. */
  scrub(): boolean;
}

export function prepareWrites(db: Database): Writes {
  const insertEvent = db.prepare(
    `INSERT INTO events (stream, n, type, at, payload, blob, previous, hash)
     VALUES (@stream, @n, @type, @at, @payload, @blob, @previous, @hash)`,
  );
  const insertBlob = db.prepare(
    'INSERT OR IGNORE INTO blobs (stream, address, bytes) VALUES (@stream, @address, @bytes)',
  );
  const putStream = db.prepare(
    `INSERT INTO streams
       (stream, owner, tenant, opened_at, last_event_at, events, slices, state, request, head, seal)
     VALUES (@stream, @owner, @tenant, @openedAt, @lastEventAt, @events, @slices, @state, @request, @head, @seal)
     ON CONFLICT (stream) DO UPDATE SET
       owner = @owner, tenant = @tenant, opened_at = @openedAt, last_event_at = @lastEventAt, events = @events,
       slices = @slices, state = @state, request = @request, head = @head, seal = @seal`,
  );
  const putKey = db.prepare(
    'INSERT OR REPLACE INTO keys (stream, master_key, wrapped) VALUES (@stream, @masterKey, @wrapped)',
  );
  const putTotals = db.prepare(
    'INSERT OR REPLACE INTO totals (id, streams, events, seal) VALUES (1, @streams, @events, @seal)',
  );
  const deleteKey = db.prepare('DELETE FROM keys WHERE stream = ?');
  const deleteBlobs = db.prepare('DELETE FROM blobs WHERE stream = ?');
  const putFault = db.prepare('INSERT OR REPLACE INTO faults (stream, n, what) VALUES (@stream, @n, @what)');
  const deleteFault = db.prepare('DELETE FROM faults WHERE stream = ?');

  const commit = db.transaction((change: Change) => {
    for (const stream of change.erasures) {
      deleteKey.run(stream);
      deleteBlobs.run(stream);
    }
    for (const key of change.keys) putKey.run(key);
    for (const blob of change.blobs) insertBlob.run(blob);
    for (const event of change.events) insertEvent.run(event);
    for (const stream of change.streams) putStream.run(stream);
    if (change.totals !== undefined) putTotals.run(change.totals);
  });
  const noteFaults = db.transaction(
    (faults: readonly { stream: string; fault: StreamFault | undefined }[]) => {
      for (const { stream, fault } of faults) {
        if (fault === undefined) deleteFault.run(stream);
        else putFault.run(fault);
      }
    },
  );

  return {
    commit: (change) => commit.immediate(change),
    noteFaults: (faults) => noteFaults.immediate(faults),
    scrub() {
      const [result] = db.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      return result?.busy === 0;
    },
  };
}
