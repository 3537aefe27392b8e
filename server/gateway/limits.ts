import { limits as wire } from '../../shared/protocol.ts';
import type { BucketRate } from './token-bucket.ts';

/** What one server lets its clients do; PROTOCOL.md lists the defaults. */
export interface GatewayLimits {
  /** Bytes of one slice; above it `TOO_BIG`. */
  sliceBytes: number;
  /** Bytes of one WebSocket message; above it the transport cuts. */
  messageBytes: number;
  helloSeconds: number;
  /** Bytes of the first message, and of all that waits while the token is looked at. */
  helloBytes: number;
  /** Connections at once that have not shown a token. */
  unauthenticated: { total: number; perKey: number };
  /** Connections at once that have, `perKey` of one person. */
  authenticated: { total: number; perKey: number };
  /** What may wait while a session is being attached. */
  waitingMessages: number;
  waitingBytes: number;
  /** Of one person, over all their connections. */
  messageRate: BucketRate;
  byteRate: BucketRate;
  /** Logins tried from one address. */
  loginRate: BucketRate;
  /** Messages refused as `TOO_FAST` in a row before the connection is ended. */
  refusals: number;
  /** Bytes the transport holds for a peer that does not read, and bytes that wait behind them. */
  backpressureBytes: number;
  outgoingBytes: number;
  /** Seconds in which nothing that waits has been taken. */
  stallSeconds: number;
  idleSeconds: number;
  bodyBytes: number;
}

const MiB = 1024 * 1024;

export const defaultLimits: GatewayLimits = {
  sliceBytes: wire.sliceBytes,
  messageBytes: wire.messageBytes,
  helloSeconds: wire.helloSeconds,
  helloBytes: 16 * 1024,
  unauthenticated: { total: 500, perKey: 50 },
  authenticated: { total: 5_000, perKey: 20 },
  waitingMessages: 32,
  waitingBytes: 8 * MiB,
  messageRate: { burst: 200, perSecond: 50 },
  byteRate: { burst: 16 * MiB, perSecond: 4 * MiB },
  loginRate: { burst: 20, perSecond: 1 },
  refusals: 200,
  backpressureBytes: MiB,
  outgoingBytes: 16 * MiB,
  stallSeconds: 30,
  idleSeconds: 60,
  bodyBytes: 64 * 1024,
};
