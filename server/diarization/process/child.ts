/** One life of the process of the networks, as the server sees it. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Call, Notice, Request, Results } from './messages.ts';

/** The process ended with this request unanswered. */
export class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';
}

export interface Child {
  readonly pid: number | undefined;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** @throws ProcessEndedError, or an Error with the message of what went wrong over there. */
  request<Method extends keyof Results>(call: Extract<Call, { method: Method }>): Promise<Results[Method]>;
  /**
   * Resolves when the channel has taken it, so that a long list of them leaves room for other work.
   * @throws ProcessEndedError
   */
  notify(notice: Notice): Promise<void>;
  kill(): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

const ENTRY = fileURLToPath(new URL('./network-process.mjs', import.meta.url));

export function startChild(): Child {
  const process = fork(ENTRY, {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let over = false;

  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    const bury = (code: number | null, signal: NodeJS.Signals | null) => {
      over = true;
      for (const { reject } of waiting.values())
        reject(new ProcessEndedError('The process of the networks ended.'));
      waiting.clear();
      resolve({ code, signal });
    };
    process.on('exit', bury);
    // Where a process was started, 'exit' follows.
    process.on('error', () => {
      if (process.pid === undefined) bury(null, null);
    });
  });
  process.on('message', (answer: Answer) => {
    const request = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('failure' in answer) request?.reject(new Error(answer.failure));
    else request?.resolve(answer.result);
  });

  const send = (message: Request | Notice) =>
    new Promise<void>((resolve, reject) => {
      if (over) reject(new ProcessEndedError('The process of the networks has ended.'));
      else
        process.send(message, (error) =>
          error === null ? resolve() : reject(new ProcessEndedError(error.message)),
        );
    });

  return {
    pid: process.pid,
    ended,
    notify: send,
    async request<Method extends keyof Results>(call: Extract<Call, { method: Method }>) {
      const id = nextId++;
      const answered = new Promise<Results[Method]>((resolve, reject) => {
        waiting.set(id, { resolve: (result) => resolve(result as Results[Method]), reject });
      });
      send({ id, ...call }).catch((error: Error) => {
        waiting.get(id)?.reject(error);
        waiting.delete(id);
      });
      return await answered;
    },
    kill() {
      process.kill('SIGKILL');
    },
  };
}
