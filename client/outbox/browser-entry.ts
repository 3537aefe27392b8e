/** Bundled for the test that runs the contract on a browser's own IndexedDB. */
import { outboxContract } from './contract.ts';
import { openIndexedDbOutbox } from './indexeddb.ts';

const names = Object.keys(outboxContract);

const suite = {
  names,
  async run(name: string): Promise<string> {
    const outbox = await openIndexedDbOutbox(`contract ${names.indexOf(name)}`);
    try {
      await outboxContract[name]?.(outbox);
      return '';
    } catch (error) {
      return String(error);
    } finally {
      outbox.close();
    }
  },
  async put(text: string): Promise<void> {
    const outbox = await openIndexedDbOutbox('kept');
    const data = new TextEncoder().encode(text);
    const slice = { epoch: 0, mime: 'audio/wav', sha256: '', durationMs: 1, capturedAt: 1, data };
    await outbox.put('a', 0, slice);
    outbox.close();
  },
  async get(): Promise<string> {
    const outbox = await openIndexedDbOutbox('kept');
    const slice = await outbox.get('a', 0);
    outbox.close();
    return new TextDecoder().decode(slice?.data);
  },
  /** What somebody finds who reads the database without the page's code. */
  async look(): Promise<{ bytes: string; extractable: boolean; exported: boolean }> {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const request = indexedDB.open('kept');
      request.onsuccess = () => resolve(request.result);
    });
    const read = <T>(store: string) =>
      new Promise<T>((resolve) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result[0] as T);
      });
    const key = await read<CryptoKey>('keys');
    const bytes = new TextDecoder('latin1').decode(await read<Uint8Array<ArrayBuffer>>('slices'));
    const exported = await crypto.subtle.exportKey('raw', key).then(
      () => true,
      () => false,
    );
    return { bytes, extractable: key.extractable, exported };
  },
};

export type OutboxSuite = typeof suite;
Object.assign(globalThis, { suite });
