/** At most one tab of a browser records a consultation. The lock goes with its tab, however that ends. */

export interface Ownership {
  release(): void;
}

/** Milliseconds that the other tab has to put away what it has just recorded. */
const patience = 5_000;

interface OwnershipOptions {
  /** Ask the tab that has it to hand it over; take it away if that tab does not answer. */
  takeOver?: boolean;
  /** Another tab asks for it, or has taken it: put away what is there; it is released afterwards. */
  onAsked(): Promise<void>;
}

export async function own(
  consultation: string,
  { takeOver = false, onAsked }: OwnershipOptions,
): Promise<Ownership | 'elsewhere'> {
  const name = `auscult-${consultation}`;
  const channel = new BroadcastChannel(name);
  const lost = () => void onAsked().finally(() => channel.close());
  const got = takeOver ? await take(name, channel, lost) : await request(name, { ifAvailable: true }, lost);
  if (got === undefined) {
    channel.close();
    return 'elsewhere';
  }
  channel.onmessage = () => void onAsked().finally(release);
  function release(): void {
    channel.close();
    got?.();
  }
  return { release };
}

async function take(name: string, channel: BroadcastChannel, lost: () => void) {
  channel.postMessage('hand over');
  const handed = await request(name, { signal: AbortSignal.timeout(patience) }, lost);
  return handed ?? (await request(name, { steal: true }, lost));
}

/** The way to let go of the lock, or undefined where it could not be had. */
function request(name: string, options: LockOptions, lost: () => void): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    let owned = false;
    navigator.locks
      .request(name, options, (lock) => {
        if (lock === null) return resolve(undefined);
        owned = true;
        return new Promise<void>((free) => resolve(free));
      })
      .catch(() => (owned ? lost() : resolve(undefined)));
  });
}
