/** How long a connection may stay: until its token expires or is revoked. */
import type { Clock } from '../clock.ts';
import type { Revocations } from './revocations.ts';
import type { Verified } from './tokens.ts';

/** Timers hold no more than 2^31 ms; a long wait is made of days. */
const DAY_MS = 86_400_000;

/** Calls `expired` once, when the credential no longer holds; the function returned ends the watch. */
export function watchCredential(
  clock: Clock,
  revocations: Revocations,
  verified: Verified,
  expired: () => void,
): () => void {
  let cancel = () => {};
  const unwatch = revocations.watch((tenant, id) => {
    if (verified.principal.tenant === tenant && verified.ids.includes(id)) end();
  });
  function stop(): void {
    cancel();
    unwatch();
  }
  function end(): void {
    stop();
    expired();
  }
  function arm(): void {
    const left = verified.expiresAt - clock.now();
    cancel = clock.after(Math.max(0, Math.min(left, DAY_MS)), left <= DAY_MS ? end : arm);
  }
  arm();
  return stop;
}
