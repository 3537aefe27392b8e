/**
 * The data keys: one per stream, wrapped under the master key where they lie. The system stream's key also serves for
 * what is appended to a session after its own key is destroyed, and the seal key comes from it, so that both outlive a
 * rotation of the master key.
 */
import { randomBytes } from 'node:crypto';
import { close, KEY_BYTES, open } from './cipher.ts';
import { SYSTEM_STREAM } from './corpus.ts';
import type { EventStore, WrappedKey } from './event-store.ts';
import { deriveKey, type MasterKey, type MasterKeys } from './master-key-file.ts';
import { DamagedStream } from './read-stream.ts';

/** Unwrapped keys held in memory; the least recently used goes first. */
const KEPT = 4096;

export interface Keyring {
  readonly sealKey: Uint8Array;
  /** Undefined when it was destroyed or never was. @throws DamagedStream when it does not unwrap. */
  keyOf(stream: string): Uint8Array | undefined;
  /** A new key for the stream, used from now on; the caller stores it. */
  create(stream: string): WrappedKey;
  forget(stream: string): void;
  forgetAll(): void;
  /** Every stored key, wrapped under `next`. */
  rewrapped(next: MasterKey): WrappedKey[];
  /** From now on these are the master keys. */
  adopt(masterKeys: MasterKeys): void;
}

/** @throws Error with one sentence when the master key is not the one the corpus was written with. */
export function createKeyring(store: EventStore, masterKeys: MasterKeys): Keyring {
  const kept = new Map<string, Uint8Array>();
  let masters = masterKeys;

  function unwrap({ stream, masterKey, wrapped }: WrappedKey): Uint8Array {
    const master = masters.find((key) => key.id === masterKey);
    if (master === undefined) throw new Error(`The master key ${masterKey} is not in the master key file.`);
    return open(master.bytes, ['auscult data key 1', stream, masterKey], wrapped);
  }

  /** Nothing can be held to its seal without this key, so a corpus whose copy of it is damaged is not opened at all. */
  function unwrapSystemKey(stored: WrappedKey): Uint8Array {
    try {
      return unwrap(stored);
    } catch (cause) {
      if (!masters.some((key) => key.id === stored.masterKey)) throw cause;
      throw new Error("The corpus's own key is damaged: restore corpus.db from a backup.", { cause });
    }
  }

  function wrap(stream: string, master: MasterKey, key: Uint8Array): WrappedKey {
    const wrapped = close(master.bytes, ['auscult data key 1', stream, master.id], key);
    return { stream, masterKey: master.id, wrapped };
  }

  function keep(stream: string, key: Uint8Array): void {
    kept.delete(stream);
    kept.set(stream, key);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  }

  const storedSystemKey = store.key(SYSTEM_STREAM);
  if (storedSystemKey === undefined) throw new Error('The corpus has no system key.');
  const systemKey = unwrapSystemKey(storedSystemKey);

  return {
    sealKey: deriveKey(systemKey, 'auscult seal 1'),
    keyOf(stream) {
      if (stream === SYSTEM_STREAM) return systemKey;
      let key = kept.get(stream);
      if (key === undefined) {
        const stored = store.key(stream);
        if (stored === undefined) return undefined;
        try {
          key = unwrap(stored);
        } catch {
          throw new DamagedStream(stream, 0, 'its key does not unwrap');
        }
      }
      keep(stream, key);
      return key;
    },
    create(stream) {
      const key = randomBytes(KEY_BYTES);
      keep(stream, key);
      return wrap(stream, masters[0], key);
    },
    forget: (stream) => void kept.delete(stream),
    forgetAll: () => kept.clear(),
    rewrapped: (next) => store.keys().map((stored) => wrap(stored.stream, next, unwrap(stored))),
    adopt(next) {
      masters = next;
    },
  };
}

/** The first key of a corpus, before there is a keyring. */
export function createSystemKey(master: MasterKey): { stored: WrappedKey; key: Uint8Array } {
  const key = randomBytes(KEY_BYTES);
  const wrapped = close(master.bytes, ['auscult data key 1', SYSTEM_STREAM, master.id], key);
  return { stored: { stream: SYSTEM_STREAM, masterKey: master.id, wrapped }, key };
}
