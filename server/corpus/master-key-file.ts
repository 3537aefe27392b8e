/**
 * The master key: a text file with mode 0600, one key a line in base64 (32 bytes each). The first is used for wrapping;
 * the others, during a rotation, only for unwrapping. Without this file nothing in the corpus can be read: keep a copy
 * of it apart from the backups.
 */
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { KEY_BYTES } from './cipher.ts';
import { syncDirectory } from './sqlite/open-database.ts';

export interface MasterKey {
  /** The first 16 hex digits of a digest of the key; tells which key a data key is wrapped under. */
  id: string;
  bytes: Uint8Array;
}

export type MasterKeys = readonly [MasterKey, ...MasterKey[]];

/** @throws Error with one sentence when the file is missing, open to others or not a list of keys. */
export function readMasterKeys(path: string): MasterKeys {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
    throw new Error(
      `The master key ${path} is open to other accounts (mode ${mode.toString(8)}); run chmod 600 on it.`,
    );
  }
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
  if (keys.length === 0 || keys.some((key) => key.byteLength !== KEY_BYTES)) {
    throw new Error(`The master key ${path} must hold ${KEY_BYTES} bytes in base64 on each line.`);
  }
  return keys.map(identify) as unknown as MasterKeys;
}

export function newMasterKey(): MasterKey {
  return identify(randomBytes(KEY_BYTES));
}

/** Creates the file with a new key; one that is there already stands. */
export function createMasterKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const partial = writePartial(path, [newMasterKey()]);
  try {
    linkSync(partial, path);
    syncDirectory(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(partial);
  }
}

/** Puts these keys into the file at once or not at all. */
export function replaceMasterKeys(path: string, keys: MasterKeys): void {
  renameSync(writePartial(path, keys), path);
  syncDirectory(dirname(path));
}

function writePartial(path: string, keys: MasterKeys): string {
  const partial = `${path}.${process.pid}.partial`;
  const descriptor = openSync(partial, 'wx', 0o600);
  try {
    writeSync(descriptor, keys.map((key) => `${Buffer.from(key.bytes).toString('base64')}\n`).join(''));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return partial;
}

function identify(bytes: Uint8Array): MasterKey {
  const id = createHash('sha256').update('auscult master key').update(bytes).digest('hex').slice(0, 16);
  return { id, bytes };
}

/** A key for another use, from which the first cannot be told. */
export function deriveKey(key: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), use, KEY_BYTES));
}
