/** Performs what the state machine decides, on a real (or a test's) WebSocket, clock and outbox. */
import {
  type ClientMessage,
  decode,
  encode,
  ServerMessage,
  type SliceMessage,
} from '../../shared/protocol.ts';
import {
  type Command,
  type ConnectionState,
  type Effect,
  type Input,
  initialConnection,
  type Timer,
} from './state.ts';
import { transition } from './transition.ts';

/** The few things of a browser's WebSocket that are used; `ws` in Node has them too. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  close(): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

/** A recorded slice, counted by its ordinal, before the connection gives it the session's number. */
export type RecordedSlice = Omit<SliceMessage, 'type' | 'seq'>;

export interface ConnectionOptions {
  openSocket(): Socket;
  now(): number;
  after(milliseconds: number, task: () => void): () => void;
  random(): number;
  /** The slice with that ordinal; undefined when it is gone. */
  load(ordinal: number): Promise<RecordedSlice | undefined>;
  /** Slices before that ordinal are on the server's disk. */
  acknowledged(before: number): void;
  deliver(message: ServerMessage): void;
  changed(state: ConnectionState): void;
  initial: Partial<ConnectionState>;
}

export interface Connection {
  readonly state: ConnectionState;
  start(): void;
  stop(): void;
  /** One more slice lies in the outbox, under the ordinal `state.queued` had until now. */
  recorded(): void;
  command(command: Omit<Command, 'position'> & Record<string, unknown>): void;
  token(token: string): void;
  takeOver(): void;
  nudge(): void;
}

export function createConnection(options: ConnectionOptions): Connection {
  let state: ConnectionState = { ...initialConnection, ...options.initial };
  let socket: Socket | undefined;
  const timers = new Map<Timer, () => void>();
  // Slices are read from the outbox before they are sent: everything sent waits its turn in this queue.
  let sending = Promise.resolve();

  const due: (() => void)[] = [];
  let performing = false;

  /**
   * The state moves at once; what follows from it is done in order, so that what a listener asks for while it is told
   * of one step comes after all of that step's effects.
   */
  function dispatch(input: Input): void {
    const step = transition(state, input, options.random);
    const changed = step.state !== state;
    state = step.state;
    due.push(...step.effects.map((effect) => () => perform(effect)));
    if (changed) due.push(() => options.changed(state));
    if (performing) return;
    performing = true;
    try {
      for (let next = due.shift(); next !== undefined; next = due.shift()) next();
    } finally {
      performing = false;
    }
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'open':
        open();
        break;
      case 'close':
        close();
        break;
      case 'send':
        send(async () => effect.message);
        break;
      case 'ping':
        send(async () => ({ type: 'ping', at: options.now() }));
        break;
      case 'sendSlice':
        send(() => readSlice(effect));
        break;
      case 'timer': {
        const { timer, after } = effect;
        timers.get(timer)?.();
        timers.set(
          timer,
          options.after(after, () => dispatch({ type: 'timer', timer })),
        );
        break;
      }
      case 'cancel':
        timers.get(effect.timer)?.();
        timers.delete(effect.timer);
        break;
      case 'acknowledged':
        options.acknowledged(effect.before);
        break;
      case 'deliver':
        options.deliver(effect.message);
        break;
    }
  }

  async function readSlice(effect: Extract<Effect, { type: 'sendSlice' }>) {
    const slice = await options.load(effect.ordinal);
    if (slice === undefined) return undefined;
    return { ...slice, type: 'slice' as const, seq: effect.seq, epoch: slice.epoch + effect.epochOffset };
  }

  function send(prepare: () => Promise<ClientMessage | undefined>): void {
    const via = socket;
    sending = sending.then(async () => {
      if (via === undefined || via !== socket) return;
      try {
        const message = await prepare();
        if (message !== undefined && via === socket && via.readyState === 1)
          via.send(encode(message) as Uint8Array<ArrayBuffer>);
      } catch {
        // The outbox could not be read: nothing may overtake that slice, so the connection starts afresh.
        if (via !== socket) return;
        close();
        dispatch({ type: 'closed', code: 1006 });
      }
    });
  }

  function open(): void {
    close();
    const opened = options.openSocket();
    socket = opened;
    opened.binaryType = 'arraybuffer';
    opened.onopen = () => dispatch({ type: 'opened' });
    opened.onmessage = (event: { data: ArrayBuffer }) => {
      const received = ServerMessage.safeParse(parse(event.data));
      // A message of a newer server that this page does not know is none of its business.
      if (received.success) dispatch({ type: 'message', message: received.data });
    };
    opened.onerror = () => {};
    opened.onclose = (event: { code: number }) => {
      if (socket === opened) socket = undefined;
      dispatch({ type: 'closed', code: event.code });
    };
  }

  function close(): void {
    const old = socket;
    if (old === undefined) return;
    socket = undefined;
    old.onopen = null;
    old.onmessage = null;
    old.onclose = null;
    old.close();
  }

  return {
    get state() {
      return state;
    },
    start: () => dispatch({ type: 'start' }),
    stop: () => dispatch({ type: 'stop' }),
    recorded: () => dispatch({ type: 'recorded' }),
    command: (command) =>
      dispatch({ type: 'command', command: { ...command, position: state.queued } as Command }),
    token: (token) => dispatch({ type: 'token', token }),
    takeOver: () => dispatch({ type: 'takeOver' }),
    nudge: () => dispatch({ type: 'nudge' }),
  };
}

function parse(bytes: ArrayBuffer): unknown {
  try {
    return decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}
