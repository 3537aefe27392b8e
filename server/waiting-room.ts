/** Where some wait until another lets them all go on. */
export interface WaitingRoom {
  /** Resolves with the next release. Rejects with the signal's reason when aborted. */
  wait(signal?: AbortSignal): Promise<void>;
  release(): void;
}

export function createWaitingRoom(): WaitingRoom {
  const waiting = new Set<() => void>();
  return {
    async wait(signal) {
      signal?.throwIfAborted();
      let leave = () => {};
      let refuse = () => {};
      const released = new Promise<void>((resolve, reject) => {
        leave = resolve;
        refuse = () => reject(signal?.reason);
      });
      waiting.add(leave);
      signal?.addEventListener('abort', refuse);
      try {
        await released;
      } finally {
        waiting.delete(leave);
        // A session's signal outlives its waits by hours.
        signal?.removeEventListener('abort', refuse);
      }
    },
    release() {
      for (const leave of waiting) leave();
      waiting.clear();
    },
  };
}
