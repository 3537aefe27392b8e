/**
 * What the client's end of a session knows, what can happen to it, and what it can do.
 *
 * Slices are counted by ordinals that never change. On the wire ordinal k is number k + `offset`: should the server's
 * numbers have moved on without this client (another device recorded, a backup was restored), the offset moves and
 * not the slices, so that nothing recorded is ever given up.
 */
import type { ErrorCode } from '../../shared/errors.ts';
import { type ClientMessage, limits, type ServerMessage, type SessionPhase } from '../../shared/protocol.ts';

/** A wish that stands until an event shows that the server has heard it; sent after `position` slices. */
export type Command = { position: number } & (
  | { type: 'consent'; statement: string }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'finalize'; numSpeakers?: number }
);

export interface ConnectionState {
  status: 'idle' | 'connecting' | 'greeting' | 'ready' | 'waiting' | 'refused';
  /** Why it is `refused`: only a person can help. */
  refusal?: ErrorCode;
  token: string;
  session?: string;
  language: string;
  /** The server knows by it that a new connection is this page's own, whether or not the old one's end reached it. */
  client: string;
  /** The number of the last event received. */
  after: number;
  phase: SessionPhase;
  /** Ordinals: before `unacked` everything is safe, before `next` sent, before `queued` recorded. */
  unacked: number;
  next: number;
  queued: number;
  offset: number;
  epochOffset: number;
  window: number;
  sliceBytes: number;
  /** The ordinal whose number turned out to hold other bytes; it and all later ones get new numbers. */
  displaced?: number;
  /** A person asked to take the session over. */
  takeover: boolean;
  /** Another connection may have recorded meanwhile: what is unacknowledged is sent again, not assumed safe. */
  verify: boolean;
  held: boolean;
  /** Holds and failed connections in a row, for their backoff. */
  holds: number;
  attempts: number;
  commands: readonly Command[];
  /** So many of them have been sent on this connection. */
  told: number;
}

export type Timer = 'connect' | 'greet' | 'ping' | 'pong' | 'retry' | 'hold';

export type Input =
  | { type: 'start' }
  | { type: 'stop' }
  | { type: 'opened' }
  | { type: 'closed'; code: number }
  | { type: 'message'; message: ServerMessage }
  | { type: 'timer'; timer: Timer }
  | { type: 'recorded' }
  | { type: 'command'; command: Command }
  | { type: 'token'; token: string }
  | { type: 'takeOver' }
  /** The network is back, or the page is looked at again: do not wait any longer. */
  | { type: 'nudge' };

export type Effect =
  | { type: 'open' }
  | { type: 'close' }
  | { type: 'send'; message: ClientMessage }
  | { type: 'ping' }
  | { type: 'sendSlice'; ordinal: number; seq: number; epochOffset: number }
  | { type: 'timer'; timer: Timer; after: number }
  | { type: 'cancel'; timer: Timer }
  /** Everything before this ordinal is on the server's disk. */
  | { type: 'acknowledged'; before: number }
  | { type: 'deliver'; message: ServerMessage };

export type Step = { state: ConnectionState; effects: Effect[] };

export const initialConnection: ConnectionState = {
  status: 'idle',
  token: '',
  language: 'auto',
  client: '',
  after: 0,
  phase: 'recording',
  unacked: 0,
  next: 0,
  queued: 0,
  offset: 0,
  epochOffset: 0,
  window: 1,
  sliceBytes: limits.sliceBytes,
  takeover: false,
  verify: false,
  held: false,
  holds: 0,
  attempts: 0,
  commands: [],
  told: 0,
};
