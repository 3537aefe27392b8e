/** Keeps the process of the networks: started again when it has died, what was in flight tried once more. */
import { type Child, ProcessEndedError, startChild } from './child.ts';
import type { NetworkOptions, Results } from './messages.ts';

export interface SupervisorOptions {
  readonly networks: NetworkOptions;
  /** The process ended by itself; the next request starts another. */
  onDeath(code: number | null, signal: NodeJS.Signals | null): void;
}

export interface NetworkProcess extends Pick<Child, 'request'> {
  /** Does what takes several messages to one process; from the beginning with another where that process ends. */
  attempt<Result>(task: (child: Child) => Promise<Result>): Promise<Result>;
  /** Of the process that runs now. */
  readonly pid: number | undefined;
  readonly loaded: Results['load'];
  close(): Promise<void>;
}

const TRIES = 2;

/** @throws Error where the networks cannot be loaded. */
export async function startNetworkProcess({ networks, onDeath }: SupervisorOptions): Promise<NetworkProcess> {
  let child: Child | undefined;
  let ready: Promise<Results['load']> | undefined;
  let closed = false;

  /** The process, ready or getting ready: what is sent to it comes after its networks. */
  function running(): Child {
    if (child !== undefined) return child;
    const started = startChild();
    child = started;
    ready = started.request({ method: 'load', options: networks });
    // Whoever waits for it hears of the failure.
    ready.catch(() => {});
    void started.ended.then(({ code, signal }) => {
      if (child === started) child = undefined;
      if (!closed) onDeath(code, signal);
    });
    return started;
  }

  const attempt: NetworkProcess['attempt'] = async (task) => {
    for (let triesLeft = TRIES - 1; ; triesLeft -= 1) {
      if (closed) throw new Error('Diarization has been stopped.');
      try {
        return await task(running());
      } catch (error) {
        if (!(error instanceof ProcessEndedError) || triesLeft === 0) throw error;
      }
    }
  };

  async function close(): Promise<void> {
    closed = true;
    child?.kill();
    await child?.ended;
  }

  running();
  try {
    const loaded = await ready!;
    return {
      loaded,
      attempt,
      request: (call) => attempt((child) => child.request(call)),
      close,
      get pid() {
        return child?.pid;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
