/** An engine at an address: a GPU box, or the user's own installation. */
import type { Clock } from '../../clock.ts';
import { createWhisperClient, type WhisperHttpOptions } from './whisper-http.ts';
import { type WorkerFactory, WorkerFault } from './worker.ts';

const HEALTH_DEADLINE_MS = 5000;

export function remoteWorker(options: WhisperHttpOptions & { clock: Clock }): WorkerFactory {
  // Credentials may stand in the address.
  const { host } = new URL(options.url);
  return {
    name: host,
    async start(signal) {
      const client = createWhisperClient(options);
      const deadline = new AbortController();
      const cancel = options.clock.after(HEALTH_DEADLINE_MS, () => deadline.abort());
      const healthy = await client.healthy(AbortSignal.any([signal, deadline.signal]));
      cancel();
      if (!healthy) {
        await client.close();
        throw new WorkerFault(
          'start',
          `The engine at ${host} does not answer or is still loading its model.`,
        );
      }
      let ended = () => {};
      return {
        transcribe: client.transcribe,
        ended: new Promise((resolve) => {
          ended = resolve;
        }),
        async stop() {
          await client.close();
          ended();
        },
      };
    },
  };
}
