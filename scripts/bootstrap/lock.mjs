// @ts-check
/** One set-up at a time in one place: a directory that only one process can bring into being. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** @param {string} directory */
function ownerOf(directory) {
  try {
    return Number(readFileSync(join(directory, 'owner'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Runs `task` while no other process holds `directory`. A lock whose owner is dead is taken over.
 *
 * @template T
 * @param {string} directory
 * @param {(owner: number) => void} onWait called once when another process holds it
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export async function withLock(directory, onWait, task) {
  const mine = `${directory}.${process.pid}`;
  rmSync(mine, { recursive: true, force: true });
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, 'owner'), String(process.pid));
  let told = false;
  for (;;) {
    try {
      // Renaming onto a directory that is not empty fails, so the lock appears whole or not at all.
      renameSync(mine, directory);
      break;
    } catch {
      const owner = ownerOf(directory);
      if (owner !== undefined && !isAlive(owner)) {
        const dead = `${mine}.dead`;
        try {
          renameSync(directory, dead);
          // Between reading and renaming another process may have taken over: then give it back.
          if (ownerOf(dead) === owner) rmSync(dead, { recursive: true, force: true });
          else renameSync(dead, directory);
        } catch {
          // Another process was quicker.
        }
        continue;
      }
      if (owner !== undefined && !told) {
        told = true;
        onWait(owner);
      }
      await wait(200);
    }
  }
  const release = () => {
    if (ownerOf(directory) === process.pid) rmSync(directory, { recursive: true, force: true });
  };
  process.on('exit', release);
  try {
    return await task();
  } finally {
    process.off('exit', release);
    release();
  }
}
