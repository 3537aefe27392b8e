/** The gateway: HTTP and WebSocket on one address, and nobody comes in unknown. */
import { randomBytes } from 'node:crypto';
import { nanoid } from 'nanoid';
import type { Clock } from '../clock.ts';
import type { Api } from './api.ts';
import { serveConnection } from './connection.ts';
import { errorAnswer } from './http/answers.ts';
import { createRoutes, type RouteContext } from './http/routes.ts';
import { createHttp } from './http/serve.ts';
import { defaultLimits, type GatewayLimits } from './limits.ts';
import { judgeOrigin } from './origins.ts';
import type { Attach, Principal } from './peer.ts';
import { createRateLimit } from './rate-limit.ts';
import { createRevocations } from './revocations.ts';
import { createSlots } from './slots.ts';
import type { Listening, SocketOptions } from './socket.ts';
import { chooseTransport, type TransportChoice } from './sockets/choose.ts';
import { createTickets } from './tickets.ts';
import { createTokens, type IssuedToken, type TokenOptions, type Verified } from './tokens.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { Voices } from './voices.ts';

export interface GatewayOptions extends Pick<RouteContext, 'ready' | 'metrics'> {
  host: string;
  /** 0: any free one. */
  port: number;
  transport: TransportChoice;
  tls?: NonNullable<SocketOptions['tls']>;
  clock: Clock;
  tokens: TokenOptions;
  /** Keeps what was revoked across restarts. */
  revocationsFile?: string;
  /** Beside the server's own, the origins whose pages may connect, such as `https://records.example`. */
  origins: readonly string[];
  limits?: Partial<GatewayLimits>;
  /** The built page. */
  staticDirectory?: string;
  attach: Attach;
  api: Api;
  voices: Voices;
  vocabulary: Vocabulary;
  /** Told of every error that nobody foresaw. */
  report(error: unknown): void;
}

export interface Gateway {
  readonly port: number;
  readonly transport: Listening['transport'];
  /** A path that logs in once as `principal`: `/#ticket=…`. The fragment reaches no log and no other site. */
  loginPath(principal: Principal, lifetimeSeconds: number): string;
  /** For tools on this machine. @throws CodedError NOT_FOUND without a secret. */
  issueToken(principal: Principal): Promise<IssuedToken>;
  close(): Promise<void>;
}

/** Where the WebSocket is. */
export const WEB_SOCKET_PATH = '/ws';

/** @throws Error when the address is taken, the secret too short, or the wanted transport does not load. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock, api, voices, vocabulary, attach, report, origins } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const revocations = createRevocations(clock, options.revocationsFile);
  const tokens = createTokens(options.tokens, clock, revocations, () => nanoid());
  const loginTickets = createTickets<Principal>(clock, randomBytes);
  const loginAttempts = createRateLimit(clock, limits.loginRate);
  const socketTickets = createTickets<Verified>(clock, randomBytes);
  const unauthenticated = createSlots(limits.unauthenticated);
  const authenticated = createSlots(limits.authenticated);
  const routes = createRoutes({
    ...{ clock, api, voices, vocabulary, tokens, loginTickets, loginAttempts, socketTickets, revocations },
    ...{ ready: options.ready, metrics: options.metrics, loginSeconds: options.tokens.loginSeconds },
  });
  const { staticDirectory, tls } = options;
  const http = createHttp({
    ...{ routes, origins, report, tls: tls !== undefined },
    ...(staticDirectory === undefined ? {} : { staticDirectory }),
  });
  const context = {
    ...{ clock, limits, tokens, socketTickets, revocations, api, attach },
    ...{ unauthenticated, authenticated, report },
    messageRate: createRateLimit(clock, limits.messageRate),
    byteRate: createRateLimit(clock, limits.byteRate),
  };
  const listening = await chooseTransport(options.transport)({
    host: options.host,
    port: options.port,
    ...(tls === undefined ? {} : { tls }),
    maxMessageBytes: limits.messageBytes,
    maxBodyBytes: limits.bodyBytes,
    backpressureBytes: limits.backpressureBytes,
    idleSeconds: limits.idleSeconds,
    http,
    webSocketPath: WEB_SOCKET_PATH,
    admit(request) {
      if (judgeOrigin(request.headers, origins) === 'refused') return errorAnswer('ORIGIN_REFUSED');
      return unauthenticated.hasRoom(request.remoteAddress) ? undefined : errorAnswer('TOO_MANY');
    },
    connect: (connection) => serveConnection(context, connection),
  });
  return {
    port: listening.port,
    transport: listening.transport,
    loginPath: (principal, lifetimeSeconds) => `/#ticket=${loginTickets.issue(principal, lifetimeSeconds)}`,
    issueToken: tokens.issue,
    close: listening.close,
  };
}
