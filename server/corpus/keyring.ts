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

/** Nothing can be held to its seal without the system stream's key, so it is stored twice; either opens the corpus. */
export const systemKeyPlaces = [SYSTEM_STREAM, `${SYSTEM_STREAM} copy`] as const;

export interface Keyring {
  readonly sealKey: Uint8Array;
  /** What is wrong with the system stream's key where it lies; empty when both places hold it. */
  systemKeyFaults(): string[];
  /** Undefined when it was destroyed or never was. @throws DamagedStream when it does not unwrap. */
  keyOf(stream: string): Uint8Array | undefined;
  /** A new key for the stream, used from now on; the caller stores it. */
  create(stream: string): WrappedKey;
  forget(stream: string): void;
  forgetAll(): void;
  /** The second copy of the system stream's key where there is none yet; the caller stores it. */
  missingCopy(): WrappedKey[];
  /** Every stored key that unwraps, wrapped under `next`, and the system stream's in both its places. */
  rewrapped(next: MasterKey): WrappedKey[];
  /** From now on these are the master keys. */
  adopt(masterKeys: MasterKeys): void;
}

/**
 * @throws Error with one sentence when the master key is not the one the corpus was written with, or neither copy of the
 *   system stream's key unwraps.
 */
export function createKeyring(store: EventStore, masterKeys: MasterKeys): Keyring {
  const kept = new Map<string, Uint8Array>();
  let masters = masterKeys;

  function masterOf({ masterKey }: WrappedKey): MasterKey {
    const master = masters.find((key) => key.id === masterKey);
    if (master === undefined) throw new Error(`The master key ${masterKey} is not in the master key file.`);
    return master;
  }

  function unwrap(stored: WrappedKey): Uint8Array {
    const master = masterOf(stored);
    return open(master.bytes, wrapping(stored.stream, master.id), stored.wrapped);
  }

  function unwrapped(stored: WrappedKey): Uint8Array | undefined {
    try {
      return unwrap(stored);
    } catch {
      return undefined;
    }
  }

  function findSystemKey(): Uint8Array {
    const stored = systemKeyPlaces.flatMap((place) => store.key(place) ?? []);
    const [first] = stored;
    if (first === undefined) throw new Error('The corpus has no system key.');
    const key = stored.map(unwrapped).find((found) => found !== undefined);
    if (key !== undefined) return key;
    masterOf(first);
    throw new Error("The corpus's own key is damaged in both its places: restore corpus.db from a backup.");
  }

  function keep(stream: string, key: Uint8Array): void {
    kept.delete(stream);
    kept.set(stream, key);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
  }

  const systemKey = findSystemKey();

  return {
    sealKey: sealKeyOf(systemKey),
    systemKeyFaults() {
      const [first, copy] = systemKeyPlaces.map((place) => store.key(place));
      const faults: string[] = [];
      if (first === undefined || unwrapped(first) === undefined)
        faults.push("the corpus's own key is damaged; its copy is used");
      // A corpus of before there were copies gets its own when it is next opened for writing.
      if (copy !== undefined && unwrapped(copy) === undefined)
        faults.push("the copy of the corpus's own key is damaged");
      return faults;
    },
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
    missingCopy() {
      const [, copy] = systemKeyPlaces;
      return store.key(copy) === undefined ? [wrap(copy, masters[0], systemKey)] : [];
    },
    rewrapped(next) {
      const others = store.keys().filter(({ stream }) => !isSystemKey(stream));
      return [
        ...wrapSystemKey(next, systemKey),
        ...others.flatMap((stored) => {
          // A session whose key is damaged stays so; the others are not to wait for it.
          const key = unwrapped(stored);
          return key === undefined ? [] : [wrap(stored.stream, next, key)];
        }),
      ];
    },
    adopt(next) {
      masters = next;
    },
  };
}

/** The first key of a corpus, before there is a keyring. */
export function createSystemKey(master: MasterKey): { stored: WrappedKey[]; sealKey: Uint8Array } {
  const key = randomBytes(KEY_BYTES);
  return { stored: wrapSystemKey(master, key), sealKey: sealKeyOf(key) };
}

const isSystemKey = (stream: string): boolean => systemKeyPlaces.some((place) => place === stream);

const sealKeyOf = (systemKey: Uint8Array): Uint8Array => deriveKey(systemKey, 'auscult seal 1');

const wrapping = (stream: string, masterKey: string) => ['auscult data key 1', stream, masterKey];

const wrapSystemKey = (master: MasterKey, key: Uint8Array): WrappedKey[] =>
  systemKeyPlaces.map((place) => wrap(place, master, key));

function wrap(stream: string, master: MasterKey, key: Uint8Array): WrappedKey {
  return { stream, masterKey: master.id, wrapped: close(master.bytes, wrapping(stream, master.id), key) };
}
