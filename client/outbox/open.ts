import { openIndexedDbOutbox } from './indexeddb.ts';
import { createMemoryOutbox } from './memory.ts';
import type { Outbox } from './outbox.ts';

/** The durable outbox, or the other one where the browser (a private window, say) does not have it. */
export async function openOutbox(): Promise<Outbox> {
  try {
    const outbox = await openIndexedDbOutbox();
    // Asks the browser not to clear this site's data when space gets short; it may say no.
    await navigator.storage?.persist?.().catch(() => false);
    return outbox;
  } catch {
    return createMemoryOutbox();
  }
}

/** The share of the quota from which the page warns. */
const tight = 0.8;

/** True when the space that the browser lets this site have is nearly used up. */
export async function storageIsTight(): Promise<boolean> {
  const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
  return usage !== undefined && quota !== undefined && quota > 0 && usage / quota >= tight;
}
