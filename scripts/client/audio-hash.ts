import { createHash } from 'node:crypto';

/** `sha256:` and the hex digest, as `slice.sha256` and `slice.received` state it. */
export function audioHashOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
