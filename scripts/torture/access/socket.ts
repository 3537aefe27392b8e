/** A connection without any manners: says what it is told to and writes down what comes back. */
import { WebSocket } from 'ws';
import { systemClock } from '../../../server/clock.ts';
import { decode, encode, type HelloMessage, type ServerMessage } from '../../../shared/protocol.ts';

export interface Visit {
  send(message: unknown): void;
  readonly received: readonly ServerMessage[];
  types(): string[];
  /** Resolves with the close code; undefined when it is still open after so many milliseconds. */
  closed(within: number): Promise<number | undefined>;
  /** Resolves when everything sent so far was answered, or the connection is closed. */
  settled(): Promise<void>;
  close(): void;
}

export async function visit(url: string, origin?: string): Promise<Visit> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    ...(origin === undefined ? {} : { origin }),
  });
  socket.binaryType = 'nodebuffer';
  const received: ServerMessage[] = [];
  let code: number | undefined;
  let changed = () => {};
  socket.on('message', (bytes) => {
    received.push(decode(bytes as Buffer) as ServerMessage);
    changed();
  });
  socket.on('error', () => {});
  const gone = new Promise<void>((resolve) => {
    socket.once('close', (given) => {
      code = given;
      changed();
      resolve();
    });
  });
  await Promise.race([new Promise((resolve) => socket.once('open', resolve)), gone]);
  const until = (holds: () => boolean, within: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return;
        cancel();
        resolve();
      };
      const cancel = systemClock.after(within, resolve);
      changed = look;
      look();
    });
  const visiting: Visit = {
    received,
    send(message) {
      if (socket.readyState === socket.OPEN) socket.send(encode(message as never));
    },
    types: () => received.map(({ type }) => type),
    async closed(within) {
      await until(() => code !== undefined, within);
      return code;
    },
    async settled() {
      const at = Math.random();
      visiting.send({ type: 'ping', at });
      await until(
        () => code !== undefined || received.some((message) => message.type === 'pong' && message.at === at),
        5_000,
      );
    },
    close: () => socket.terminate(),
  };
  return visiting;
}

/** Connects and says hello; resolves when the answer is there. */
export async function greet(url: string, hello: Partial<HelloMessage>, origin?: string): Promise<Visit> {
  const visiting = await visit(url, origin);
  visiting.send({ type: 'hello', version: 1, token: '', ...hello });
  await visiting.settled();
  return visiting;
}
