/**
 * The socket port: HTTP and WebSocket on one address, bytes in and out, nothing of ours in them.
 * Two adapters, uWebSockets.js and ws, hold to one contract suite.
 */
export interface HttpRequest {
  method: string;
  /** Decoded path without the query. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: ReadonlyMap<string, string>;
  remoteAddress: string;
  /**
   * The whole body, to be asked for once. `maxBytes`: more than `maxBodyBytes`, for whom the handler knows.
   * @throws CodedError TOO_BIG past it; BAD_MESSAGE when the client left in the middle.
   */
  body(maxBytes?: number): Promise<Uint8Array>;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  /** An iterable is streamed with backpressure. */
  body?: Uint8Array | string | AsyncIterable<Uint8Array>;
}

export interface Connection {
  readonly remoteAddress: string;
  /** Sends one binary message. False: the peer does not read and `backpressureBytes` is exceeded; the message was not sent. */
  send(bytes: Uint8Array): boolean;
  /** Bytes accepted by `send` and not yet taken by the peer. */
  readonly buffered: number;
  close(code: number, reason: string): void;
}

/** What is known before an upgrade is accepted. */
export type UpgradeRequest = Pick<HttpRequest, 'headers' | 'remoteAddress'>;

/** What the server gives for each connection that is let in. A text frame never comes here: it closes with 1003. */
export interface ConnectionHandler {
  message(bytes: Uint8Array): void;
  /** `buffered` was above 0 and is 0 again. */
  drained(): void;
  closed(code: number): void;
}

export interface SocketOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  tls?: { keyFile: string; certFile: string };
  /** Longer WebSocket messages end the connection. */
  maxMessageBytes: number;
  /** An adapter reads no more than about this of a body that nobody has asked for, and refuses longer ones. */
  maxBodyBytes: number;
  backpressureBytes: number;
  /** Seconds without a sign of life, pings being sent, after which a connection counts as dead; 8 at least. */
  idleSeconds: number;
  /** Answers every HTTP request, upgrades excepted. A rejection becomes a bare 500. */
  http(request: HttpRequest): Promise<HttpResponse>;
  /** Upgrades are accepted at this path only. */
  webSocketPath: string;
  /** An answer refuses the upgrade with it. */
  admit(request: UpgradeRequest): HttpResponse | undefined;
  connect(connection: Connection): ConnectionHandler;
}

export interface Listening {
  readonly transport: 'uWebSockets.js' | 'ws';
  readonly port: number;
  /** Takes no more, closes every connection with 1012, lets answers under way end for a moment, then cuts. */
  close(): Promise<void>;
}

/** @throws Error saying which address is taken or which file cannot be read. */
export type Listen = (options: SocketOptions) => Promise<Listening>;
