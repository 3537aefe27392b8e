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
  /** The whole body. @throws CodedError TOO_BIG past `maxBytes`. */
  body(maxBytes: number): Promise<Uint8Array>;
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
  readonly origin: string | undefined;
  /** Sends one binary message. False: the peer does not read and `backpressureBytes` is exceeded; the message was not sent. */
  send(bytes: Uint8Array): boolean;
  /** Bytes accepted by `send` and not yet taken by the peer. */
  readonly buffered: number;
  close(code: number, reason: string): void;
}

/** What the server gives for each connection that is let in. */
export interface ConnectionHandler {
  message(bytes: Uint8Array): void;
  /** The peer has read what was buffered. */
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
  backpressureBytes: number;
  /** Seconds without a pong after which a connection counts as dead. */
  idleSeconds: number;
  /** Answers every HTTP request, upgrades excepted. A rejection becomes a bare 500. */
  http(request: HttpRequest): Promise<HttpResponse>;
  /** Upgrades are accepted at this path only. */
  webSocketPath: string;
  /** A string refuses the upgrade with 403 and that text. */
  connect(connection: Connection): ConnectionHandler | string;
}

export interface Listening {
  readonly transport: 'uWebSockets.js' | 'ws';
  readonly port: number;
  /** Closes the listener and every connection with 1012. */
  close(): Promise<void>;
}

export type Listen = (options: SocketOptions) => Promise<Listening>;
