/** The page's own connection in this process: records into an outbox in memory and remembers what it was told. */
import { WebSocket } from 'ws';
import {
  type Connection,
  createConnection,
  type RecordedSlice,
  type Socket,
} from '../../../client/connection/connection.ts';
import type { ConnectionState } from '../../../client/connection/state.ts';
import { systemClock } from '../../../server/clock.ts';
import type { ServerMessage } from '../../../shared/protocol.ts';

export type Update = Extract<ServerMessage, { type: 'update' }>;

export interface TortureClient {
  readonly state: ConnectionState;
  readonly connection: Connection;
  /** Number → hash of every slice that was acknowledged; its bytes are forgotten here, as the page forgets them. */
  readonly acknowledged: ReadonlyMap<number, string>;
  readonly updates: readonly Update[];
  /** Every code that the server has refused something with. */
  readonly refusals: readonly string[];
  /** Milliseconds from being recorded to being acknowledged, slice by slice. */
  readonly latencies: readonly number[];
  /** By connection: bytes of slices that had been sent before. */
  readonly resentBytes: readonly number[];
  record(slice: RecordedSlice): void;
  finish(): void;
  /** Resolves when `holds` does, looked at after every change. Rejects after `seconds`. */
  until(what: string, holds: (client: TortureClient) => boolean, seconds?: number): Promise<void>;
  close(): void;
}

export interface ClientOptions {
  /** Read at each attempt, since the server may have come back elsewhere. */
  url(): string;
  token: string;
  random(): number;
  name?: string;
  /** The connection's timers, where they are to run faster than the clock. */
  after?(milliseconds: number, task: () => void): () => void;
  initial?: Partial<ConnectionState>;
}

export function createClient(options: ClientOptions): TortureClient {
  const outbox = new Map<number, RecordedSlice>();
  const acknowledged = new Map<number, string>();
  const updates: Update[] = [];
  const refusals: string[] = [];
  const waiting = new Set<() => void>();
  const sentBefore = new Set<number>();
  const resentBytes: number[] = [];
  const recordedAt = new Map<number, number>();
  const latencies: number[] = [];
  const changed = () => {
    for (const look of [...waiting]) look();
  };

  const connection = createConnection({
    openSocket() {
      resentBytes.push(0);
      return new WebSocket(options.url(), { perMessageDeflate: false }) as unknown as Socket;
    },
    now: systemClock.now,
    after: options.after ?? systemClock.after,
    random: options.random,
    async load(ordinal) {
      const slice = outbox.get(ordinal);
      if (slice !== undefined && sentBefore.has(ordinal)) {
        resentBytes[resentBytes.length - 1]! += slice.data.length;
      }
      sentBefore.add(ordinal);
      return slice;
    },
    acknowledged(before) {
      for (const [ordinal, slice] of outbox) {
        if (ordinal >= before) continue;
        acknowledged.set(ordinal + connection.state.offset, slice.sha256);
        outbox.delete(ordinal);
        latencies.push(performance.now() - recordedAt.get(ordinal)!);
        recordedAt.delete(ordinal);
      }
    },
    deliver(message) {
      if (message.type === 'update') updates.push(message);
      if (message.type === 'error') refusals.push(message.code);
    },
    changed,
    initial: { token: options.token, language: 'en', client: options.name ?? 'torture', ...options.initial },
  });

  const client: TortureClient = {
    get state() {
      return connection.state;
    },
    connection,
    acknowledged,
    updates,
    refusals,
    resentBytes,
    latencies,
    record(slice) {
      outbox.set(connection.state.queued, slice);
      recordedAt.set(connection.state.queued, performance.now());
      connection.recorded();
    },
    finish: () => connection.command({ type: 'finalize' }),
    until(what, holds, seconds = 60) {
      return new Promise((resolve, reject) => {
        const end = (settle: () => void) => {
          waiting.delete(look);
          cancel();
          settle();
        };
        const look = () => {
          if (holds(client)) end(resolve);
        };
        const cancel = systemClock.after(seconds * 1000, () =>
          end(() => {
            const { status, phase, unacked, queued, refusal } = connection.state;
            const where = JSON.stringify({
              status,
              phase,
              unacked,
              queued,
              refusal,
              last: refusals.slice(-3),
            });
            reject(new Error(`${what} did not come about within ${seconds} s: ${where}`));
          }),
        );
        waiting.add(look);
        look();
      });
    },
    close: connection.stop,
  };
  return client;
}
