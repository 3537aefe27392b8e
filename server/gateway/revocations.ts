/** Tokens and logins that no longer count, remembered across restarts until they would have expired anyway. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';

export interface Revocations {
  /** `expiresAt`: milliseconds since 1970, after which the entry may be forgotten. */
  revoke(id: string, expiresAt: number): void;
  isRevoked(ids: readonly string[]): boolean;
  /** Called with each id revoked from now on; the function returned ends that. */
  watch(listener: (id: string) => void): () => void;
}

function load(file: string): [string, number][] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as [string, number]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`The list of revoked tokens cannot be read: ${file}`, { cause: error });
  }
}

/** @param file Lines of JSON, `[id, expiresAt]`; without it a restart forgets. */
export function createRevocations(clock: Clock, file?: string): Revocations {
  const valid = (file === undefined ? [] : load(file)).filter(([, expiresAt]) => expiresAt > clock.now());
  const revoked = new Map(valid);
  if (file !== undefined)
    writeFileSync(file, valid.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 });
  const listeners = new Set<(id: string) => void>();
  return {
    revoke(id, expiresAt) {
      for (const [old, until] of revoked) if (until <= clock.now()) revoked.delete(old);
      revoked.set(id, expiresAt);
      if (file !== undefined) appendFileSync(file, `${JSON.stringify([id, expiresAt])}\n`, { flush: true });
      for (const listener of [...listeners]) listener(id);
    },
    isRevoked: (ids) => ids.some((id) => revoked.has(id)),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
