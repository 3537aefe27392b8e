/**
 * The socket port on uWebSockets.js. Its rules: a request lives only until its handler returns, a response
 * must not be touched after `onAborted`, an ArrayBuffer is emptied when its callback returns, a WebSocket
 * must not be touched after `close`. Breaking one of them ends the process.
 */

import type * as Native from 'uWebSockets.js';
import { access } from 'node:fs/promises';
import type { Connection, ConnectionHandler, HttpResponse, Listen, SocketOptions } from '../socket.ts';
import {
  badRequest,
  bareError,
  CLOSE_GRACE_MS,
  collectBody,
  parseTarget,
  plainAddress,
  safeHeaders,
  statusLine,
} from './request.ts';

interface Peer {
  remoteAddress: string;
  closed: boolean;
  handler?: ConnectionHandler;
  end?(code: number, reason: string): void;
}

/** The module keeps user data on the WebSocket object itself: one property that hides none of its methods. */
interface UserData {
  peer: Peer;
}

/** One response and what has become of it. */
interface Exchange {
  response: Native.HttpResponse;
  gone: AbortController;
  /** Wakes a stream that waits for room; called when there is some and when the client has gone. */
  wake: () => void;
}

/** LIBUS_LISTEN_EXCLUSIVE_PORT. */
const EXCLUSIVE_PORT = 1;
/** Time for closing frames to be read before the sockets are cut. */
const FAREWELL_MS = 200;

const copy = (bytes: ArrayBuffer): Uint8Array => new Uint8Array(bytes.slice(0));

function headersOf(request: Native.HttpRequest): Map<string, string> {
  const headers = new Map<string, string>();
  request.forEach((name, value) => {
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  });
  return headers;
}

const addressOf = (response: Native.HttpResponse) =>
  plainAddress(Buffer.from(response.getRemoteAddressAsText()).toString());

function writeHead(response: Native.HttpResponse, { status, headers }: HttpResponse): void {
  response.writeStatus(statusLine(status));
  for (const [name, value] of safeHeaders(headers)) {
    // uWebSockets.js writes the length by itself.
    if (name.toLowerCase() !== 'content-length') response.writeHeader(name, value);
  }
}

async function stream(
  exchange: Exchange,
  answer: HttpResponse,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { response, gone } = exchange;
  const declared = answer.headers['content-length'];
  const total = declared === undefined ? undefined : Number(declared);
  response.onWritable(() => {
    exchange.wake();
    return true;
  });
  response.cork(() => writeHead(response, answer));
  let ended = false;
  for await (const chunk of body) {
    if (gone.signal.aborted || ended) return;
    if (chunk.length === 0) continue;
    const start = response.getWriteOffset();
    let left = chunk;
    for (;;) {
      let taken = false;
      response.cork(() => {
        if (total === undefined) taken = response.write(left);
        else [taken, ended] = response.tryEnd(left, total);
      });
      if (taken || ended) break;
      await new Promise<void>((resolve) => {
        exchange.wake = resolve;
      });
      if (gone.signal.aborted) return;
      // `write` has buffered what the kernel did not take; `tryEnd` leaves the rest to its caller.
      if (total === undefined) break;
      left = chunk.subarray(response.getWriteOffset() - start);
      if (left.length === 0) break;
    }
  }
  if (gone.signal.aborted || ended) return;
  if (total === undefined) response.cork(() => response.end());
  else response.close();
}

async function write(
  exchange: Exchange,
  answer: HttpResponse,
  isHead: boolean,
  close: boolean,
): Promise<void> {
  const { response } = exchange;
  const { body = '' } = answer;
  const whole = typeof body === 'string' || body instanceof Uint8Array;
  if (!whole && !isHead) return stream(exchange, answer, body);
  const declared = Number(answer.headers['content-length'] ?? (whole ? Buffer.byteLength(body) : 0));
  response.cork(() => {
    writeHead(response, answer);
    if (isHead) response.endWithoutBody(declared, close);
    else if (answer.status === 204 || answer.status === 304) response.endWithoutBody();
    else response.end(whole ? body : '', close);
  });
}

async function serve(options: SocketOptions, response: Native.HttpResponse, request: Native.HttpRequest) {
  const exchange: Exchange = { response, gone: new AbortController(), wake: () => {} };
  const body = collectBody(options.maxBodyBytes, response);
  response.onAborted(() => {
    body.fail();
    exchange.gone.abort();
    exchange.wake();
  });
  const method = request.getCaseSensitiveMethod();
  const headers = headersOf(request);
  const target = parseTarget(request.getUrl(), request.getQuery() ?? '');
  const remoteAddress = addressOf(response);
  response.onData((chunk, isLast) => {
    body.push(copy(chunk));
    if (isLast) body.end();
  });
  const answer =
    target === undefined
      ? badRequest
      : await options
          .http({ method, ...target, headers, remoteAddress, body: body.whole, signal: exchange.gone.signal })
          .catch(() => bareError);
  if (exchange.gone.signal.aborted) return;
  await write(exchange, answer, method === 'HEAD', body.leave()).catch(() => {
    // A stream that fails in the middle can only be cut: its status has gone out.
    if (!exchange.gone.signal.aborted) response.close();
  });
}

function behavior(options: SocketOptions, open: Set<Peer>): Native.WebSocketBehavior<UserData> {
  return {
    maxPayloadLength: options.maxMessageBytes,
    idleTimeout: options.idleSeconds,
    sendPingsAutomatically: true,
    // The bound is kept in `send`, where the caller learns of it; 0 keeps uWebSockets.js from dropping by itself.
    maxBackpressure: 0,
    upgrade(response, request, context) {
      const remoteAddress = addressOf(response);
      const refusal = options.admit({ headers: headersOf(request), remoteAddress });
      if (refusal !== undefined) {
        writeHead(response, refusal);
        response.end(String(refusal.body ?? ''), true);
        return;
      }
      const key = request.getHeader('sec-websocket-key');
      const extensions = request.getHeader('sec-websocket-extensions');
      response.upgrade<UserData>({ peer: { remoteAddress, closed: false } }, key, '', extensions, context);
    },
    open(socket) {
      const peer = socket.getUserData().peer;
      const connection: Connection = {
        remoteAddress: peer.remoteAddress,
        get buffered() {
          return peer.closed ? 0 : socket.getBufferedAmount();
        },
        send(bytes) {
          if (peer.closed) return true;
          const buffered = socket.getBufferedAmount();
          if (buffered > 0 && buffered + bytes.length > options.backpressureBytes) return false;
          socket.send(bytes, true);
          return true;
        },
        close(code, reason) {
          if (peer.closed) return;
          peer.closed = true;
          socket.end(code, reason);
        },
      };
      peer.end = connection.close;
      peer.handler = options.connect(connection);
      open.add(peer);
    },
    message(socket, message, isBinary) {
      const peer = socket.getUserData().peer;
      if (isBinary) peer.handler?.message(copy(message));
      else peer.end?.(1003, 'binary messages only');
    },
    drain(socket) {
      if (socket.getBufferedAmount() === 0) socket.getUserData().peer.handler?.drained();
    },
    close(socket, code) {
      const peer = socket.getUserData().peer;
      peer.closed = true;
      open.delete(peer);
      peer.handler?.closed(code);
    },
  };
}

/** @throws Error where the native module has no build for this platform and Node. */
export function loadNative(requireModule: NodeJS.Require): typeof Native {
  // The package's own entry falls back to an imitation in JavaScript; only the native module is wanted.
  const { platform, arch, versions } = process;
  return requireModule(`uWebSockets.js/binaries/uws_${platform}_${arch}_${versions.modules}.node`);
}

export function listenUWebSockets(native: typeof Native): Listen {
  return async (options) => {
    const { tls } = options;
    if (tls) await Promise.all([access(tls.keyFile), access(tls.certFile)]);
    const app = tls
      ? native.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile })
      : native.App();
    const open = new Set<Peer>();
    let inFlight = 0;
    let settled: (() => void) | undefined;
    app.ws(options.webSocketPath, behavior(options, open));
    app.any('/*', (response, request) => {
      inFlight += 1;
      void serve(options, response, request).finally(() => {
        inFlight -= 1;
        if (inFlight === 0) settled?.();
      });
    });
    const socket = await new Promise<Native.us_listen_socket>((resolve, reject) => {
      const listening = (token: Native.us_listen_socket | false) =>
        token
          ? resolve(token)
          : reject(
              new Error(`Cannot listen on ${options.host}:${options.port} (EADDRINUSE or no such address).`),
            );
      // Without the option two servers would share the port; its typing knows no host beside options.
      const { listen } = app as unknown as {
        listen(host: string, port: number, flags: number, then: unknown): void;
      };
      listen.call(app, options.host, options.port, EXCLUSIVE_PORT, listening);
    });
    return {
      transport: 'uWebSockets.js',
      port: native.us_socket_local_port(socket as unknown as Native.us_socket),
      async close() {
        native.us_listen_socket_close(socket);
        const hadConnections = open.size > 0;
        for (const peer of [...open]) peer.end?.(1012, 'SHUTTING_DOWN');
        if (inFlight > 0) {
          await new Promise<void>((resolve) => {
            settled = resolve;
            setTimeout(resolve, CLOSE_GRACE_MS).unref();
          });
        }
        if (hadConnections) await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
        (app as unknown as { close(): void }).close();
      },
    };
  };
}
