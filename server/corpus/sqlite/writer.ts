/** The main thread's end of the writer thread. */
import { Worker } from 'node:worker_threads';
import { type Change, StoreWriteError, type StreamFault } from '../event-store.ts';
import type { WriteOptions } from './open-database.ts';
import type { WriteAnswer, WriteCall } from './writer-thread.ts';

export interface Writer {
  commit(change: Change): Promise<void>;
  noteFaults(faults: readonly { stream: string; fault: StreamFault | undefined }[]): Promise<void>;
  scrub(): Promise<boolean>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export function startWriter(options: WriteOptions): Writer {
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let worker: Worker | undefined;

  function start(): Worker {
    const started = new Worker(new URL('./writer-thread.mjs', import.meta.url), { workerData: options });
    started.on('message', (answer: WriteAnswer) => {
      const call = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ('failure' in answer) call?.reject(new StoreWriteError(answer.failure));
      else call?.resolve(answer.result);
    });
    // 'exit' follows 'error'; without this listener the error would end the process.
    started.on('error', () => {});
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      for (const call of waiting.values()) call.reject(new StoreWriteError('The writer thread ended.'));
      waiting.clear();
    });
    return started;
  }

  function call(
    method: WriteCall['method'],
    args: unknown[],
    transfer: ArrayBuffer[] = [],
  ): Promise<unknown> {
    worker ??= start();
    const { promise, resolve, reject } = withResolvers();
    const id = nextId++;
    waiting.set(id, { resolve, reject });
    worker.postMessage({ id, method, args }, transfer);
    return promise;
  }

  return {
    commit: async (change) => {
      await call('commit', [change], ownBuffers(change));
    },
    noteFaults: async (faults) => {
      await call('noteFaults', [faults]);
    },
    scrub: async () => (await call('scrub', [])) as boolean,
    async close() {
      const closing = worker;
      if (closing === undefined) return;
      const ended = new Promise((resolve) => closing.once('exit', resolve));
      closing.postMessage('close');
      await ended;
    },
  };
}

/** Ciphertext that fills its buffer is handed over instead of copied; nobody else holds it. */
function ownBuffers(change: Change): ArrayBuffer[] {
  const arrays = [...change.events.map((event) => event.payload), ...change.blobs.map((blob) => blob.bytes)];
  const buffers = arrays
    .filter((array) => array.byteLength === array.buffer.byteLength)
    .map((array) => array.buffer);
  return [...new Set(buffers)] as ArrayBuffer[];
}

function withResolvers(): Waiting & { promise: Promise<unknown> } {
  let resolve!: Waiting['resolve'];
  let reject!: Waiting['reject'];
  const promise = new Promise((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  return { promise, resolve, reject };
}
