/** The reads, prepared once on a connection of their own: in WAL mode they never wait for the writer. */
import type { Database } from 'better-sqlite3';
import type {
  SealedStream,
  SealedTotals,
  StoredEvent,
  StreamFault,
  StreamFilter,
  StreamPage,
  WrappedKey,
} from '../event-store.ts';

const EVENT = 'stream, n, type, at, payload, blob, previous, hash';
const STREAM = `stream, owner, tenant, opened_at AS openedAt, last_event_at AS lastEventAt, events, slices, state,
  request, head, seal`;
const KEY = 'stream, master_key AS masterKey, wrapped';

export function prepareReads(db: Database) {
  const page = db.prepare<[string, number, number], StoredEvent>(
    `SELECT ${EVENT} FROM events WHERE stream = ? AND n > ? ORDER BY n LIMIT ?`,
  );
  const hash = db
    .prepare<[string, number], Uint8Array>('SELECT hash FROM events WHERE stream = ? AND n = ?')
    .pluck();
  const latest = db.prepare<[string, string], StoredEvent>(
    `SELECT ${EVENT} FROM events WHERE stream = ? AND type = ? ORDER BY n DESC LIMIT 1`,
  );
  const blob = db
    .prepare<[string, string], Uint8Array>('SELECT bytes FROM blobs WHERE stream = ? AND address = ?')
    .pluck();
  const record = db.prepare<[string], SealedStream>(`SELECT ${STREAM} FROM streams WHERE stream = ?`);
  const key = db.prepare<[string], WrappedKey>(`SELECT ${KEY} FROM keys WHERE stream = ?`);
  const keys = db.prepare<[], WrappedKey>(`SELECT ${KEY} FROM keys`);
  const totals = db.prepare<[], SealedTotals>('SELECT streams, events, seal FROM totals WHERE id = 1');
  const sums = db.prepare<[], { streams: number; events: number }>(
    'SELECT count(*) AS streams, coalesce(sum(events), 0) AS events FROM streams',
  );
  const faults = db.prepare<[], StreamFault>('SELECT stream, n, what FROM faults');

  return {
    page: db.transaction(
      (stream: string, after: number, limit: number): StreamPage => ({
        events: page.all(stream, after, limit),
        record: record.get(stream),
        before: after === 0 ? undefined : hash.get(stream, after),
      }),
    ),
    latest: (stream: string, type: string) => latest.get(stream, type),
    blob: (stream: string, address: string) => blob.get(stream, address),
    record: (stream: string) => record.get(stream),
    records(filter: StreamFilter = {}): SealedStream[] {
      const columns = (['tenant', 'owner', 'state'] as const).filter(
        (column) => filter[column] !== undefined,
      );
      // Only the conditions asked for, so that SQLite can use the index of the one that is.
      const where =
        columns.length === 0
          ? ''
          : `WHERE ${columns.map((column) => `${column} = @${column}`).join(' AND ')}`;
      return db
        .prepare<[StreamFilter], SealedStream>(
          `SELECT ${STREAM} FROM streams ${where} ORDER BY opened_at DESC, rowid DESC`,
        )
        .all(filter);
    },
    key: (stream: string) => key.get(stream),
    keys: () => keys.all(),
    census: db.transaction(() => ({ totals: totals.get(), ...sums.get()! })),
    faults: () => faults.all(),
    structuralFaults(): string[] {
      const rows = db.pragma('integrity_check(10)') as { integrity_check: string }[];
      return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
    },
  };
}
