/** The client's end of a session, without sockets or timers: what happened goes in, what to do comes out. */
import { type ErrorCode, errorKinds } from '../../shared/errors.ts';
import {
  type ClientMessage,
  PROTOCOL_VERSION,
  type ServerMessage,
  type SessionPhase,
} from '../../shared/protocol.ts';
import type { Command, ConnectionState, Effect, Input, Step, Timer } from './state.ts';

/** Milliseconds. */
export const timing = {
  connect: 10_000,
  greet: 10_000,
  ping: 10_000,
  pong: 8_000,
  retryFirst: 500,
  retryMost: 15_000,
  gap: 250,
  holdFirst: 1_000,
  holdMost: 30_000,
} as const;

/** After these, trying again by itself would not help. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'ORIGIN_REFUSED',
  'VERSION_UNSUPPORTED',
  'SESSION_UNKNOWN',
  'SESSION_BUSY',
  'SESSION_TAKEN_OVER',
  'CORRUPT',
  'TOO_BIG',
]);

const confirmations: Record<string, Command['type']> = {
  'consent.recorded': 'consent',
  'session.paused': 'pause',
  'session.resumed': 'resume',
  'finish.requested': 'finalize',
};

const everyTimer: readonly Timer[] = ['connect', 'greet', 'ping', 'pong', 'retry', 'hold'];
const cancelAll: readonly Effect[] = everyTimer.map((timer) => ({ type: 'cancel', timer }));

export function transition(state: ConnectionState, input: Input, random: () => number): Step {
  switch (input.type) {
    case 'start':
      return state.status === 'idle' ? connect(state) : { state, effects: [] };
    case 'stop':
      return { state: { ...state, status: 'idle' }, effects: [...cancelAll, { type: 'close' }] };
    case 'opened':
      return state.status === 'connecting' ? greet(state) : { state, effects: [] };
    case 'closed':
      return closed(state, input.code, random);
    case 'message':
      return message(state, input.message, random);
    case 'timer':
      return timer(state, input.timer, random);
    case 'recorded':
      return flow({ ...state, queued: state.queued + 1 });
    case 'command':
      return flow({ ...state, commands: [...state.commands, input.command] });
    case 'token':
      return renewed({ ...state, token: input.token });
    case 'takeOver':
      return state.status === 'refused'
        ? connect({ ...state, takeover: true, attempts: 0 })
        : { state, effects: [] };
    case 'nudge':
      return state.status === 'waiting' ? connect(state) : { state, effects: [] };
  }
}

function connect(state: ConnectionState): Step {
  return {
    state: { ...state, status: 'connecting', refusal: undefined, held: false, told: 0 },
    effects: [...cancelAll, { type: 'open' }, { type: 'timer', timer: 'connect', after: timing.connect }],
  };
}

function greet(state: ConnectionState): Step {
  const { token, session, language, after, client } = state;
  const hello: ClientMessage = { type: 'hello', version: PROTOCOL_VERSION, token, client };
  if (session === undefined) hello.language = language;
  else Object.assign(hello, { session, after });
  if (session !== undefined && state.takeover) hello.takeover = true;
  return {
    state: { ...state, status: 'greeting' },
    effects: [
      { type: 'cancel', timer: 'connect' },
      { type: 'send', message: hello },
      { type: 'timer', timer: 'greet', after: timing.greet },
    ],
  };
}

/** Closes what there is and tries again later, each time twice as late up to a limit, at random within half of it. */
function retry(state: ConnectionState, random: () => number): Step {
  const most = Math.min(timing.retryFirst * 2 ** state.attempts, timing.retryMost);
  return {
    state: { ...state, status: 'waiting', attempts: state.attempts + 1, held: false },
    effects: [
      ...cancelAll,
      { type: 'close' },
      { type: 'timer', timer: 'retry', after: Math.round(most * (0.5 + random() / 2)) },
    ],
  };
}

function refuse(state: ConnectionState, refusal: ErrorCode): Step {
  const fenced = refusal === 'SESSION_TAKEN_OVER' || refusal === 'SESSION_BUSY';
  return {
    state: {
      ...state,
      status: 'refused',
      refusal,
      takeover: false,
      verify: state.verify || fenced,
    },
    effects: [...cancelAll, { type: 'close' }],
  };
}

function closed(state: ConnectionState, code: number, random: () => number): Step {
  if (state.status === 'idle' || state.status === 'waiting' || state.status === 'refused') {
    return { state, effects: [] };
  }
  const refusal = [...refusals].find((each) => {
    const kind = errorKinds[each];
    return 'closeCode' in kind && kind.closeCode === code;
  });
  return refusal === undefined ? retry(state, random) : refuse(state, refusal);
}

function timer(state: ConnectionState, which: Timer, random: () => number): Step {
  switch (which) {
    case 'connect':
    case 'greet':
    case 'pong':
      return retry(state, random);
    case 'retry':
      return connect(state);
    case 'hold':
      return flow({ ...state, held: false });
    case 'ping':
      return {
        state,
        effects: [{ type: 'ping' }, { type: 'timer', timer: 'pong', after: timing.pong }],
      };
  }
}

function renewed(state: ConnectionState): Step {
  if (state.status === 'ready') {
    return { state, effects: [{ type: 'send', message: { type: 'renew', token: state.token } }] };
  }
  return state.refusal === 'UNAUTHENTICATED' ? connect({ ...state, attempts: 0 }) : { state, effects: [] };
}

function message(state: ConnectionState, received: ServerMessage, random: () => number): Step {
  if (state.status !== 'greeting' && state.status !== 'ready') return { state, effects: [] };
  const step = respond(state, received, random);
  if (step.state.status !== 'ready') return step;
  // Anything at all shows that the connection lives.
  const alive: Effect[] = [
    { type: 'cancel', timer: 'pong' },
    { type: 'timer', timer: 'ping', after: timing.ping },
  ];
  return { state: step.state, effects: [...step.effects, ...alive] };
}

function respond(state: ConnectionState, received: ServerMessage, random: () => number): Step {
  switch (received.type) {
    case 'welcome':
      return welcome(state, received);
    case 'ack':
      return acknowledge({ ...state, attempts: 0, holds: 0 }, received.seq + 1 - state.offset);
    case 'pong':
      return { state: { ...state, attempts: 0 }, effects: [] };
    case 'error':
      return failure(state, received, random);
    case 'update':
      return update(state, received);
    case 'status':
      return {
        state: { ...state, phase: received.phase },
        effects: [{ type: 'deliver', message: received }],
      };
    default:
      return { state, effects: [{ type: 'deliver', message: received }] };
  }
}

type Welcome = Extract<ServerMessage, { type: 'welcome' }>;

function welcome(state: ConnectionState, received: Welcome): Step {
  const { nextSeq, nextEpoch, session, phase, window, sliceBytes } = received;
  const greeted: ConnectionState = {
    ...renumber(state, nextSeq, nextEpoch),
    ...{ status: 'ready', session, phase, window, sliceBytes },
    ...{ takeover: false, verify: false, displaced: undefined, held: false, told: 0 },
  };
  const reached = Math.min(nextSeq - greeted.offset, greeted.queued);
  const mustResend = state.verify || nextSeq - greeted.offset > greeted.queued;
  const safe = mustResend && state.displaced === undefined ? greeted.unacked : reached;
  const commands = stillWanted(greeted.commands, phase);
  const step = acknowledge({ ...greeted, commands, next: Math.max(safe, greeted.unacked) }, safe);
  return {
    state: step.state,
    effects: [{ type: 'cancel', timer: 'greet' }, { type: 'deliver', message: received }, ...step.effects],
  };
}

function renumber(state: ConnectionState, nextSeq: number, nextEpoch: number): ConnectionState {
  if (state.displaced !== undefined) {
    return { ...state, offset: nextSeq - state.displaced, epochOffset: nextEpoch };
  }
  const ahead = nextSeq - state.offset > state.queued && state.unacked === state.queued;
  const behind = nextSeq - state.offset < state.unacked;
  if (ahead || behind) return { ...state, offset: nextSeq - state.unacked, epochOffset: nextEpoch };
  return state;
}

/** Leaves out what the session's phase shows to have been heard, though its confirmation was lost. */
function stillWanted(commands: readonly Command[], phase: SessionPhase): readonly Command[] {
  const [first, ...rest] = commands;
  if (first?.type === 'pause' && phase === 'paused') return rest;
  if (first?.type === 'finalize' && (phase === 'finishing' || phase === 'finished')) return rest;
  return commands;
}

function acknowledge(state: ConnectionState, before: number): Step {
  const unacked = Math.min(Math.max(state.unacked, before), state.queued);
  const step = flow({ ...state, unacked, next: Math.max(state.next, unacked) });
  if (unacked === state.unacked) return step;
  return { state: step.state, effects: [{ type: 'acknowledged', before: unacked }, ...step.effects] };
}

function update(state: ConnectionState, received: Extract<ServerMessage, { type: 'update' }>): Step {
  if (received.n <= state.after) return { state, effects: [] };
  const confirmed = confirmations[received.event];
  const index = state.commands.findIndex((command) => command.type === confirmed);
  const heard = index >= 0 && index < state.told;
  const commands = heard ? state.commands.toSpliced(index, 1) : state.commands;
  const next = { ...state, after: received.n, commands, told: state.told - (heard ? 1 : 0) };
  return { state: next, effects: [{ type: 'deliver', message: received }] };
}

type Failure = Extract<ServerMessage, { type: 'error' }>;

function failure(state: ConnectionState, received: Failure, random: () => number): Step {
  const { code, fatal } = received;
  const deliver: Effect = { type: 'deliver', message: received };
  const tell = (step: Step): Step => ({ state: step.state, effects: [deliver, ...step.effects] });
  const ordinal = received.seq === undefined ? state.unacked : received.seq - state.offset;

  if (refusals.has(code)) return tell(refuse(state, code));
  if (code === 'SLICE_CONFLICT') return tell(retry({ ...state, displaced: ordinal }, random));
  if (fatal) return tell(retry(state, random));
  if (code === 'EXPECTED_SEQ') {
    // A number that does not lie in what is in flight: only a new greeting can tell where things stand.
    if (ordinal < state.unacked || ordinal > state.next) return tell(retry(state, random));
    return tell(hold(state, ordinal, timing.gap, random));
  }
  // Consent is told before the first slice and recorded a moment later.
  if (code === 'CONSENT_REQUIRED') return tell(hold(state, ordinal, timing.gap, random));
  if (code === 'TOO_FAST' || code === 'STORAGE_UNAVAILABLE' || code === 'HASH_MISMATCH') {
    const wait = Math.min(timing.holdFirst * 2 ** state.holds, timing.holdMost);
    const holds = state.held ? state.holds : state.holds + 1;
    return tell(hold({ ...state, holds }, state.unacked, wait, random));
  }
  if (code === 'SESSION_EMPTY' || code === 'SESSION_FINISHED') {
    const commands = state.commands.filter(({ type }) => type !== 'finalize');
    return tell({ state: { ...state, commands, told: Math.min(state.told, commands.length) }, effects: [] });
  }
  return tell({ state, effects: [] });
}

/** Stops sending for a while and then goes on from `ordinal`. */
function hold(state: ConnectionState, ordinal: number, wait: number, random: () => number): Step {
  const next = Math.min(state.next, Math.max(ordinal, state.unacked));
  if (state.held) return { state: { ...state, next }, effects: [] };
  const after = Math.round(wait * (1 + random() / 2));
  return { state: { ...state, next, held: true }, effects: [{ type: 'timer', timer: 'hold', after }] };
}

/** Sends what may be sent: commands at their place between slices, slices within the window (rule I4). */
function flow(state: ConnectionState): Step {
  if (state.status !== 'ready' || state.held) return { state, effects: [] };
  const effects: Effect[] = [];
  let { next, told } = state;
  for (;;) {
    const command = state.commands[told];
    if (command !== undefined && command.position <= next) {
      if (command.type === 'finalize' && state.unacked < command.position) break;
      const { position: _position, ...words } = command;
      effects.push({ type: 'send', message: words });
      told += 1;
    } else if (next < state.queued && next - state.unacked < state.window) {
      const { offset, epochOffset } = state;
      effects.push({ type: 'sendSlice', ordinal: next, seq: next + offset, epochOffset });
      next += 1;
    } else break;
  }
  return { state: { ...state, next, told }, effects };
}
