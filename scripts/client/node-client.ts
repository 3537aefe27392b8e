/**
 * A recording client in Node: takes slices from wherever they come and sends them as the page would, with the page's
 * own connection (window, acknowledgements, resuming, backoff) over `ws`.
 */
import { WebSocket } from 'ws';
import { createConnection, type RecordedSlice, type Socket } from '../../client/connection/connection.ts';
import type { ConnectionState } from '../../client/connection/state.ts';
import { type Clock, systemClock } from '../../server/clock.ts';
import { CodedError, type ErrorCode } from '../../shared/errors.ts';
import type { FinalResult } from '../../shared/events.ts';
import { limits, type ServerMessage } from '../../shared/protocol.ts';

export type { RecordedSlice };

export interface RecordingOptions {
  /** Such as `http://localhost:8080`. */
  server: string;
  /** A JWT, or a ticket where there is only one connection. */
  token: string;
  /** Pulled one by one, in order; whoever paces them decides the rhythm. */
  slices: AsyncIterable<RecordedSlice> | Iterable<RecordedSlice>;
  /** Absent: open a new session. Given: `slices` are all of that session's, from its first; stored ones are skipped. */
  session?: string;
  language?: string;
  /** Name and version, for the server's log. */
  client?: string;
  /** Ask for the final transcript after the last slice and wait for it. */
  finalize?: { numSpeakers?: number };
  /**
   * No more slices than this are pulled and not yet acknowledged (default: two windows). Infinity keeps pulling
   * whatever the server does, as a microphone would.
   */
  ahead?: number;
  /** Everything the server says, except what the connection keeps to itself (`ack`, `pong`). */
  onMessage?(message: ServerMessage): void;
  /** Slice number `ordinal` (from 0 here) goes out now; again after a loss. */
  onSending?(ordinal: number): void;
  /** All slices before this ordinal are on the server's disk. */
  onAcknowledged?(before: number): void;
  onState?(state: ConnectionState): void;
  /** By default a `ws` socket at `/ws` of `server`; it is asked for again after every loss. */
  openSocket?(): Socket;
  clock?: Clock;
  /** From 0 to below 1, for the backoff. */
  random?(): number;
}

export interface Recorded {
  session: string;
  /** Sent and acknowledged. */
  slices: number;
  /** With `finalize`. */
  result?: FinalResult;
}

export interface Recording {
  readonly state: ConnectionState;
  /**
   * Resolves when every slice is acknowledged and, with `finalize`, the result is here.
   * @throws CodedError why the server refuses; what the source of the slices throws; the reason given to `stop`
   */
  readonly done: Promise<Recorded>;
  /** A newer token, before the old one expires. */
  renew(token: string): void;
  /** Cuts the connection and gives up. */
  stop(reason?: Error): void;
}

/** After these a slice or the finish would be waited for in vain. */
const failures: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_MESSAGE',
  'UNKNOWN_MESSAGE',
  'SLICE_EMPTY',
  'SESSION_EMPTY',
  'SESSION_FINISHED',
  'FINALIZE_FAILED',
]);

export function startRecording(options: RecordingOptions): Recording {
  const { clock = systemClock, ahead = 2 * limits.window, finalize } = options;
  const outbox = new Map<number, RecordedSlice>();
  let settled = false;
  let sourceEnded = false;
  let asked = false;
  let room = () => {};
  const { promise: done, resolve, reject } = withResolvers<Recorded>();

  const end = (settle: () => void) => {
    if (settled) return;
    settled = true;
    // Not in the middle of what the connection does with the message that ended it.
    queueMicrotask(() => connection.stop());
    room();
    settle();
  };
  const fail = (error: unknown) => end(() => reject(error));
  const succeed = (result?: FinalResult) => {
    const { session = '', queued } = connection.state;
    end(() => resolve({ session, slices: queued, ...(result === undefined ? {} : { result }) }));
  };

  const connection = createConnection({
    initial: {
      token: options.token,
      language: options.language ?? 'auto',
      client: options.client ?? 'auscult-node',
      ...(options.session === undefined ? {} : { session: options.session }),
    },
    openSocket: options.openSocket ?? (() => new WebSocket(socketUrl(options.server)) as unknown as Socket),
    now: () => clock.now(),
    after: (milliseconds, task) => clock.after(milliseconds, task),
    random: options.random ?? Math.random,
    async load(ordinal) {
      options.onSending?.(ordinal);
      return outbox.get(ordinal);
    },
    acknowledged(before) {
      for (const ordinal of outbox.keys()) {
        if (ordinal >= before) break;
        outbox.delete(ordinal);
      }
      options.onAcknowledged?.(before);
      room();
    },
    deliver: hear,
    changed(state) {
      options.onState?.(state);
      if (state.refusal !== undefined) fail(new CodedError(state.refusal));
      else if (sourceEnded && finalize === undefined && state.unacked === state.queued && isGreeted(state))
        succeed();
    },
  });

  function hear(message: ServerMessage): void {
    options.onMessage?.(message);
    const { unacked, queued } = connection.state;
    // A session that was finished before shows its result at once: it is no answer while slices are under way.
    if (message.type === 'result' && asked && unacked === queued) succeed(message.result);
    else if (message.type === 'error' && failures.has(message.code)) fail(new CodedError(message.code));
    else if (message.type === 'update' && message.event === 'finish.failed' && asked) {
      if ((message.data as { final: boolean }).final) fail(new CodedError('FINALIZE_FAILED'));
    } else if (message.type === 'welcome' && message.phase === 'finished' && asked) {
      // The result may have been lost with the connection before; a finished session shows it again when asked.
      queueMicrotask(() => connection.command({ type: 'finalize' }));
    }
  }

  async function pull(): Promise<void> {
    for await (const slice of options.slices) {
      if (settled) return;
      outbox.set(connection.state.queued, slice);
      connection.recorded();
      while (!settled && connection.state.queued - connection.state.unacked >= ahead) {
        await new Promise<void>((resolve) => {
          room = resolve;
        });
      }
    }
    if (settled) return;
    sourceEnded = true;
    if (finalize !== undefined) {
      asked = true;
      connection.command({ type: 'finalize', ...finalize });
    } else if (connection.state.unacked === connection.state.queued && isGreeted(connection.state)) {
      succeed();
    }
  }

  // Whoever stops a recording need not wait for its end.
  done.catch(() => {});
  connection.start();
  pull().catch(fail);

  return {
    get state() {
      return connection.state;
    },
    done,
    renew: (token) => connection.token(token),
    stop: (reason = new CodedError('SHUTTING_DOWN')) => fail(reason),
  };
}

const isGreeted = (state: ConnectionState) => state.status === 'ready';

/** @throws TypeError when it is no address. */
export function socketUrl(server: string): string {
  const url = new URL('/ws', server);
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  return url.href;
}

function withResolvers<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
