/** The socket port on Node's own HTTP server and the `ws` package. */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { ConnectionHandler, HttpResponse, Listen, SocketOptions } from '../socket.ts';
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

const serverOptions: http.ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 12_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 10_000,
};

function headersOf(request: http.IncomingMessage): Map<string, string> {
  return new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
}

function targetOf(request: http.IncomingMessage) {
  const [path, ...query] = (request.url ?? '/').split('?');
  return parseTarget(path!, query.join('?'));
}

async function write(response: http.ServerResponse, answer: HttpResponse, close: boolean): Promise<void> {
  response.writeHead(
    answer.status,
    [...safeHeaders(answer.headers), ...(close ? [['connection', 'close']] : [])].flat(),
  );
  const { body } = answer;
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) response.end(body);
  else if (response.req.method === 'HEAD') response.end();
  else await pipeline(Readable.from(body, { objectMode: false }), response);
}

async function serve(options: SocketOptions, request: http.IncomingMessage, response: http.ServerResponse) {
  const gone = new AbortController();
  const body = collectBody(options.maxBodyBytes, request);
  request
    .on('data', (chunk) => body.push(chunk))
    .on('end', body.end)
    .on('error', body.fail);
  response.on('close', () => {
    if (response.writableFinished) return;
    body.fail();
    gone.abort();
  });
  const target = targetOf(request);
  const answer =
    target === undefined
      ? badRequest
      : await options
          .http({
            method: request.method ?? 'GET',
            ...target,
            headers: headersOf(request),
            remoteAddress: plainAddress(request.socket.remoteAddress ?? ''),
            body: body.whole,
            signal: gone.signal,
          })
          .catch(() => bareError);
  if (gone.signal.aborted) return;
  // A stream that fails in the middle can only be cut: its status has gone out.
  await write(response, answer, body.leave()).catch(() => response.destroy());
}

function connect(options: SocketOptions, socket: WebSocket, remoteAddress: string): void {
  let alive = true;
  const handler: ConnectionHandler = options.connect({
    remoteAddress,
    get buffered() {
      return socket.bufferedAmount;
    },
    send(bytes) {
      if (socket.readyState !== socket.OPEN) return true;
      if (socket.bufferedAmount > 0 && socket.bufferedAmount + bytes.length > options.backpressureBytes)
        return false;
      socket.send(bytes, { binary: true }, () => {
        if (socket.bufferedAmount === 0 && socket.readyState === socket.OPEN) handler.drained();
      });
      return true;
    },
    close: (code, reason) => socket.close(code, reason),
  });
  const heartbeat = setInterval(
    () => {
      if (!alive) socket.terminate();
      else socket.ping();
      alive = false;
    },
    (options.idleSeconds * 1000) / 2,
  );
  socket.on('message', (data, isBinary) => {
    alive = true;
    if (socket.readyState !== socket.OPEN) return;
    if (isBinary) handler.message(data as Buffer);
    else socket.close(1003, 'binary messages only');
  });
  socket.on('pong', () => {
    alive = true;
  });
  // 'close' follows every error, so the error itself tells nothing more.
  socket.on('error', () => {});
  socket.on('close', (code) => {
    clearInterval(heartbeat);
    handler.closed(code);
  });
}

export const listenWs: Listen = async (options) => {
  const tls = options.tls && {
    key: await readFile(options.tls.keyFile),
    cert: await readFile(options.tls.certFile),
  };
  const server = tls ? https.createServer({ ...serverOptions, ...tls }) : http.createServer(serverOptions);
  // The typing lags behind the package, which takes `closeTimeout`.
  const socketOptions: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    closeTimeout: 5_000,
  };
  const sockets = new WebSocketServer(socketOptions);
  server.on('request', (request, response) => void serve(options, request, response));
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const remoteAddress = plainAddress(request.socket.remoteAddress ?? '');
    const refusal =
      targetOf(request)?.path !== options.webSocketPath
        ? { status: 404, headers: {}, body: 'Not Found' }
        : options.admit({ headers: headersOf(request), remoteAddress });
    if (refusal === undefined) {
      sockets.handleUpgrade(request, stream, head, (socket) => connect(options, socket, remoteAddress));
      return;
    }
    const text = String(refusal.body ?? '');
    const headers = {
      ...refusal.headers,
      connection: 'close',
      'content-length': String(Buffer.byteLength(text)),
    };
    const lines = safeHeaders(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    stream.end(`HTTP/1.1 ${statusLine(refusal.status)}\r\n${lines.join('')}\r\n${text}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Error(`Cannot listen on ${options.host}:${options.port} (${cause.code ?? 'unknown'}).`, {
          cause,
        }),
      ),
    );
    server.listen(options.port, options.host, resolve);
  });
  return {
    transport: 'ws',
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets.clients) socket.close(1012, 'SHUTTING_DOWN');
      const cut = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate();
        server.closeAllConnections();
      }, CLOSE_GRACE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
};
