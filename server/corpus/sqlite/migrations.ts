/** The tables, version by version. A migration that has been released is never edited: the next one is added. */
import type { Database } from 'better-sqlite3';

/** Set in the file's header, so that `file` and we can tell it from any other SQLite database ("Ausc"). */
const APPLICATION_ID = 0x41757363;

const migrations = [
  `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    n INTEGER NOT NULL,
    type TEXT NOT NULL,
    at TEXT NOT NULL,
    payload BLOB NOT NULL,
    blob TEXT,
    previous BLOB NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (stream, n)
  ) STRICT;
  CREATE INDEX events_by_type ON events (stream, type, n);
  CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  -- REPLACE deletes without firing the trigger above, so the number itself is guarded.
  CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE (stream = NEW.stream AND n = NEW.n) OR position = NEW.position)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

  CREATE TABLE keys (
    stream TEXT PRIMARY KEY,
    master_key TEXT NOT NULL,
    wrapped BLOB NOT NULL
  ) STRICT;

  CREATE TABLE blobs (
    id INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    address TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (stream, address)
  ) STRICT;
  CREATE TRIGGER blobs_refuse_update BEFORE UPDATE ON blobs
    BEGIN SELECT RAISE(ABORT, 'blobs are never changed'); END;
  CREATE TRIGGER blobs_refuse_delete BEFORE DELETE ON blobs
    WHEN EXISTS (SELECT 1 FROM keys WHERE stream = OLD.stream)
    BEGIN SELECT RAISE(ABORT, 'blobs go only after their key'); END;

  CREATE TABLE streams (
    stream TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    tenant TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    last_event_at TEXT NOT NULL,
    events INTEGER NOT NULL,
    slices INTEGER NOT NULL,
    state TEXT NOT NULL,
    request TEXT,
    head BLOB NOT NULL,
    seal BLOB NOT NULL
  ) STRICT;
  CREATE INDEX streams_by_tenant ON streams (tenant, opened_at);
  CREATE INDEX streams_by_state ON streams (state);

  CREATE TABLE totals (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    streams INTEGER NOT NULL,
    events INTEGER NOT NULL,
    seal BLOB NOT NULL
  ) STRICT;

  CREATE TABLE faults (
    stream TEXT PRIMARY KEY,
    n INTEGER NOT NULL,
    what TEXT NOT NULL
  ) STRICT;
  `,
];

export const schemaVersion = migrations.length;

export function versionOf(db: Database): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/** @throws Error when a newer version of the program has written the database. */
export function refuseNewer(db: Database): void {
  const version = versionOf(db);
  if (version > schemaVersion) {
    throw new Error(
      `The corpus ${db.name} was written by a newer version of Auscult (schema ${version}; this one knows ${schemaVersion}). Start that version, or restore a backup made before it.`,
    );
  }
}

/** Brings the database to the newest schema; each step is one transaction. */
export function migrate(db: Database): void {
  refuseNewer(db);
  for (let version = versionOf(db); version < schemaVersion; version++) {
    db.transaction(() => {
      db.exec(migrations[version]!);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${version + 1}`);
    })();
  }
}
