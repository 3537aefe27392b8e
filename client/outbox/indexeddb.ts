import { type DBSchema, openDB } from 'idb';
import { Packr } from 'msgpackr';
import type { RecordedSlice } from '../connection/connection.ts';
import { createKey, type OutboxKey, open, seal } from './cipher.ts';
import type { Consultation, Outbox } from './outbox.ts';

interface Schema extends DBSchema {
  consultations: { key: string; value: Consultation };
  /** A key for each consultation: removing it makes what may linger on the disk unreadable. */
  keys: { key: string; value: OutboxKey };
  /** Sealed slices by consultation and ordinal. */
  slices: { key: [string, number]; value: Uint8Array };
}

const all = (id: string) => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
// Chromium otherwise reports success while the bytes still wait in the system's cache.
const durably = { durability: 'strict' } as const;
const packr = new Packr({ useRecords: false });

/** @throws where the browser does not let the page have a database. */
export async function openIndexedDbOutbox(name = 'auscult-outbox'): Promise<Outbox> {
  const database = await openDB<Schema>(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('consultations', { keyPath: 'id' });
      fresh.createObjectStore('keys');
      fresh.createObjectStore('slices');
    },
  });
  const keys = new Map<string, Promise<OutboxKey>>();

  function keyOf(id: string): Promise<OutboxKey> {
    const known = keys.get(id) ?? findKey(id);
    keys.set(id, known);
    return known;
  }

  async function findKey(id: string): Promise<OutboxKey> {
    const stored = await database.get('keys', id);
    if (stored !== undefined) return stored;
    const created = await createKey();
    const transaction = database.transaction('keys', 'readwrite', durably);
    await transaction.store.put(created, id);
    await transaction.done;
    return created;
  }

  return {
    durable: true,
    async consultations() {
      const found = await database.getAll('consultations');
      return found.sort((a, b) => b.startedAt - a.startedAt);
    },
    async save(consultation) {
      await database.put('consultations', consultation);
    },
    async put(id, ordinal, slice) {
      const sealed = await seal(await keyOf(id), packr.pack(slice), `${id}:${ordinal}`);
      const transaction = database.transaction('slices', 'readwrite', durably);
      await transaction.store.put(sealed, [id, ordinal]);
      await transaction.done;
    },
    async get(id, ordinal) {
      const sealed = await database.get('slices', [id, ordinal]);
      if (sealed === undefined) return undefined;
      return packr.unpack(await open(await keyOf(id), sealed, `${id}:${ordinal}`)) as RecordedSlice;
    },
    async held(id) {
      return (await database.getAllKeys('slices', all(id))).map(([, ordinal]) => ordinal);
    },
    async purge(id, before) {
      await database.delete('slices', IDBKeyRange.bound([id, 0], [id, before], false, true));
    },
    async truncate(id, from) {
      await database.delete('slices', IDBKeyRange.bound([id, from], [id, Number.MAX_SAFE_INTEGER]));
    },
    async remove(id) {
      const transaction = database.transaction(['consultations', 'keys', 'slices'], 'readwrite');
      await transaction.objectStore('slices').delete(all(id));
      await transaction.objectStore('keys').delete(id);
      await transaction.objectStore('consultations').delete(id);
      await transaction.done;
      keys.delete(id);
    },
    close: () => database.close(),
  };
}
