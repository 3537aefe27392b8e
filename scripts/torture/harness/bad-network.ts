/** A network that fails on request: a TCP proxy that knows just enough of WebSocket to repeat whole messages. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createFrameReader } from './frames.ts';

export interface BadNetwork {
  readonly port: number;
  /** Both ends learn at once that the connection is gone; half a message may have passed. */
  cut(): void;
  /** Neither end learns anything, and nothing passes any more in the given direction, or in both. */
  halfOpen(direction: 'up' | 'down' | 'both'): void;
  /** What comes in the next so many milliseconds passes after them. */
  delay(milliseconds: number): void;
  /** The next so many messages to the server arrive twice. */
  duplicate(messages: number): void;
  /** Bytes per second in either direction; 0: as many as come. */
  throttle(bytesPerSecond: number): void;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  server: Socket;
  silent: { up: boolean; down: boolean };
}

/** `random` decides how much of a cut message still passes. */
export async function startBadNetwork(target: { port: number }, random: () => number): Promise<BadNetwork> {
  const links = new Set<Link>();
  let delayedUntil = 0;
  let repeats = 0;
  let rate = 0;

  const pump = (link: Link, from: Socket, to: Socket, direction: 'up' | 'down') => {
    const frames = direction === 'up' ? createFrameReader() : undefined;
    let turn = Promise.resolve();
    from.on('data', (bytes: Buffer) => {
      from.pause();
      turn = turn.then(async () => {
        for (const piece of frames?.read(bytes) ?? [bytes]) {
          const twice = direction === 'up' && repeats > 0 && frames?.isMessage(piece);
          if (twice) repeats -= 1;
          await pause(Math.max(0, delayedUntil - performance.now()));
          if (rate > 0) await pause((1000 * piece.length) / rate);
          if (link.silent[direction] || to.destroyed) continue;
          to.write(piece);
          if (twice) to.write(piece);
        }
        from.resume();
      });
    });
  };

  const server: Server = createServer((client) => {
    const link: Link = {
      client,
      server: connect(target.port, '127.0.0.1'),
      silent: { up: false, down: false },
    };
    links.add(link);
    pump(link, client, link.server, 'up');
    pump(link, link.server, client, 'down');
    for (const [one, other] of [
      [client, link.server],
      [link.server, client],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        links.delete(link);
        // Whoever has been silenced does not hear of the other's end either.
        if (!link.silent.up && !link.silent.down) other.destroy();
        else silenced.add(other);
      });
    }
  });
  const silenced = new Set<Socket>();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as { port: number }).port,
    cut() {
      for (const { client, server: upstream } of links) {
        if (random() < 0.5) client.resetAndDestroy();
        else client.destroy();
        upstream.destroy();
      }
    },
    halfOpen(direction) {
      for (const { silent } of links) {
        silent.up ||= direction !== 'down';
        silent.down ||= direction !== 'up';
      }
    },
    delay(milliseconds) {
      delayedUntil = performance.now() + milliseconds;
    },
    duplicate(messages) {
      repeats += messages;
    },
    throttle(bytesPerSecond) {
      rate = bytesPerSecond;
    },
    async close() {
      for (const { client, server: upstream } of links) {
        client.destroy();
        upstream.destroy();
      }
      for (const socket of silenced) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const pause = (milliseconds: number) =>
  milliseconds <= 0 ? undefined : new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
