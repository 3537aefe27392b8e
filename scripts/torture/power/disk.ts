/** The disk that loses what was not synced: compiles the shim, and makes of its notes what a power cut leaves. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Disk {
  /** For the server's environment. */
  readonly environment: Record<string, string>;
  /** With the server stopped: puts back what the cut has left. `survival`: chance of each sector that was not synced. */
  cutPower(survival: number): void;
  fail(how: 'writes' | 'space' | 'syncs'): void;
  recover(): void;
}

const SECTOR = 512;

export const compilerMissing =
  process.platform !== 'linux'
    ? 'the shim is for Linux'
    : spawnSync('cc', ['--version']).status !== 0 && 'there is no C compiler';

/** `directory` is the arena's; the data directory below it may not exist yet. */
export function createDisk(directory: string, dataDirectory: string, random: () => number): Disk {
  const library = join(directory, 'disk.so');
  const shadow = join(directory, 'shadow');
  const faultFile = join(directory, 'fault');
  const source = fileURLToPath(new URL('./disk.c', import.meta.url));
  execFileSync('cc', ['-O1', '-shared', '-fPIC', '-o', library, source, '-ldl', '-lpthread']);
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(shadow);

  const keyOf = (path: string) => execFileSync('stat', ['-c', '%i-%.9W', path], { encoding: 'utf8' }).trim();

  /** Every sector on its own, as a disk writes them: the synced state where the coin says so. */
  function mix(synced: Buffer, written: Buffer, survival: number): Buffer {
    const length = random() < survival ? Math.max(synced.length, written.length) : synced.length;
    const mixed = Buffer.alloc(length);
    synced.copy(mixed);
    for (let at = 0; at < Math.min(length, written.length); at += SECTOR)
      if (random() < survival) written.copy(mixed, at, at, Math.min(at + SECTOR, length));
    return mixed;
  }

  return {
    environment: {
      LD_PRELOAD: library,
      DISK_DIRECTORY: dataDirectory,
      DISK_SHADOW: shadow,
      DISK_FAULT: faultFile,
    },
    cutPower(survival) {
      const left = `${dataDirectory}.left`;
      mkdirSync(left, { mode: 0o700 });
      const durable = new Map(
        readFileSync(join(shadow, 'names'), 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]),
      );
      const names = new Set([...durable.keys(), ...readdirSync(dataDirectory)]);
      for (const name of names) {
        if (name.endsWith('-shm')) continue;
        const path = join(dataDirectory, name);
        const present = existsSync(path) && statSync(path).isFile();
        const birth = present ? sameFormat(keyOf(path)) : undefined;
        // A name that was not synced, or whose removal was not, is there or not as it happens.
        if (!durable.has(name) && random() >= survival) continue;
        if (durable.has(name) && !present && random() < survival) continue;
        const key = durable.get(name) ?? birth!;
        const synced = existsSync(join(shadow, key)) ? readFileSync(join(shadow, key)) : Buffer.alloc(0);
        const written = present && birth === key ? readFileSync(path) : synced;
        writeFileSync(join(left, name), mix(synced, written, survival), { mode: 0o600 });
      }
      rmSync(dataDirectory, { recursive: true });
      renameSync(left, dataDirectory);
      rmSync(shadow, { recursive: true });
      mkdirSync(shadow);
    },
    fail: (how) => writeFileSync(faultFile, { writes: 'w', space: 's', syncs: 'f' }[how]),
    recover: () => rmSync(faultFile, { force: true }),
  };
}

/** `stat` writes nanoseconds with leading zeros, the shim without. */
const sameFormat = (key: string) => {
  const [, inode, seconds, nanoseconds] = /^(\d+)-(\d+)\.(\d+)$/.exec(key)!;
  return `${inode}-${seconds}.${Number(nanoseconds)}`;
};
