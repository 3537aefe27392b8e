/**
 * Tokens and logins that no longer count, remembered across restarts until they would have expired anyway. Each counts
 * within the tenant in which it was revoked: an admin has no say over the ids of others.
 */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';

export interface Revocations {
  /** `expiresAt`: milliseconds since 1970, after which the entry may be forgotten. */
  revoke(tenant: string, id: string, expiresAt: number): void;
  isRevoked(tenant: string, ids: readonly string[]): boolean;
  /** Called with each id revoked from now on; the function returned ends that. */
  watch(listener: (tenant: string, id: string) => void): () => void;
}

type Entry = [tenant: string, id: string, expiresAt: number];

function load(file: string): Entry[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Entry);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`The list of revoked tokens cannot be read: ${file}`, { cause: error });
  }
}

/** No tenant and id, whatever their characters, make the key of another pair. */
const keyOf = (tenant: string, id: string): string => JSON.stringify([tenant, id]);

/** @param file Lines of JSON, `[tenant, id, expiresAt]`; without it a restart forgets. */
export function createRevocations(clock: Clock, file?: string): Revocations {
  const valid = (file === undefined ? [] : load(file)).filter(([, , expiresAt]) => expiresAt > clock.now());
  const revoked = new Map(valid.map(([tenant, id, expiresAt]) => [keyOf(tenant, id), expiresAt]));
  if (file !== undefined)
    writeFileSync(file, valid.map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 });
  const listeners = new Set<(tenant: string, id: string) => void>();
  return {
    revoke(tenant, id, expiresAt) {
      for (const [old, until] of revoked) if (until <= clock.now()) revoked.delete(old);
      revoked.set(keyOf(tenant, id), expiresAt);
      if (file !== undefined)
        appendFileSync(file, `${JSON.stringify([tenant, id, expiresAt] satisfies Entry)}\n`, { flush: true });
      for (const listener of [...listeners]) listener(tenant, id);
    },
    isRevoked: (tenant, ids) => ids.some((id) => revoked.has(keyOf(tenant, id))),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
