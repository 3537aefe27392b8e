import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import type http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import type {
  Connection,
  ConnectionHandler,
  HttpRequest,
  HttpResponse,
  Listen,
  SocketOptions,
} from '../socket.ts';
import { chooseTransport } from './choose.ts';
import { listenUWebSockets, loadNative } from './uwebsockets.ts';
import { listenWs } from './ws.ts';

const KiB = 1024;

interface Seen {
  connection?: Connection;
  messages: Uint8Array[];
  closed: number[];
  drained: number;
}

/** Waits for something that happens outside this process's control, without a time of its own. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

async function start(t: Test, listen: Listen, options: Partial<SocketOptions> = {}) {
  const seen: Seen = { messages: [], closed: [], drained: 0 };
  const listening = await listen({
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 64 * KiB,
    maxBodyBytes: 1 * KiB,
    backpressureBytes: 64 * KiB,
    idleSeconds: 60,
    http: async () => ({ status: 200, headers: {}, body: 'hello' }),
    webSocketPath: '/ws',
    admit: () => undefined,
    connect(connection): ConnectionHandler {
      seen.connection = connection;
      return {
        message: (bytes) => void seen.messages.push(bytes),
        drained: () => {
          seen.drained += 1;
        },
        closed: (code) => void seen.closed.push(code),
      };
    },
    ...options,
  });
  let stopped = false;
  const close = async () => {
    if (!stopped) await listening.close();
    stopped = true;
  };
  t.teardown(close);
  return {
    seen,
    close,
    port: listening.port,
    url: `http://127.0.0.1:${listening.port}`,
    ws: `ws://127.0.0.1:${listening.port}/ws`,
  };
}

async function open(url: string, options = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  await once(socket, 'open');
  return socket;
}

/** Sends raw bytes and collects everything until the server ends the connection. */
async function raw(port: number, text: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => {});
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}

async function* pieces(count: number, size: number, state: { given: number; finished: boolean }) {
  try {
    for (; state.given < count; state.given += 1) yield new Uint8Array(size).fill(state.given % 251);
  } finally {
    state.finished = true;
  }
}

function contract(name: string, listen: Listen): void {
  t.test(name, async (t) => {
    const silentPeer = start(t, listen, { idleSeconds: 8 }).then(async ({ seen, port }) => {
      const peer = net.connect(port, '127.0.0.1');
      peer.write(
        'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      peer.on('data', () => {}).on('error', () => {});
      await new Promise((resolve) => peer.once('close', resolve));
      return seen;
    });

    t.test('a request arrives whole and its answer too', async (t) => {
      let got: HttpRequest | undefined;
      const { url } = await start(t, listen, {
        async http(request) {
          got = request;
          await new Promise(setImmediate);
          return {
            status: 201,
            headers: { 'x-one': 'two', 'x-bad': 'a\r\nset-cookie: b' },
            body: await request.body(),
          };
        },
      });
      const answer = await fetch(`${url}/a%20b/c?d=e%26f`, {
        method: 'PUT',
        body: 'some bytes',
        headers: { 'X-Test': 'Yes' },
      });
      t.equal(answer.status, 201);
      t.equal(answer.headers.get('x-one'), 'two');
      t.equal(answer.headers.get('set-cookie'), null, 'a value cannot end its line');
      t.equal(await answer.text(), 'some bytes');
      t.equal(got?.method, 'PUT');
      t.equal(got?.path, '/a b/c');
      t.equal(got?.query.get('d'), 'e&f');
      t.equal(got?.headers.get('x-test'), 'Yes');
      t.equal(got?.remoteAddress, '127.0.0.1');
    });

    t.test('a body above the limit is refused, declared or not', async (t) => {
      const { url } = await start(t, listen, {
        http: async (request) =>
          request.body().then(
            () => ({ status: 200, headers: {} }),
            (error) => ({ status: 413, headers: {}, body: error.code }) as HttpResponse,
          ),
      });
      t.equal(
        (await fetch(url, { method: 'POST', body: 'x'.repeat(1 * KiB) })).status,
        200,
        'just at the limit',
      );
      const answer = await fetch(url, { method: 'POST', body: 'x'.repeat(1 * KiB + 1) });
      t.equal(answer.status, 413);
      t.equal(await answer.text(), 'TOO_BIG');
    });

    t.test('a larger body is taken where the handler asks for it, however late', async (t) => {
      const { url } = await start(t, listen, {
        async http(request) {
          // The first bytes arrive meanwhile, and the rest has to wait.
          for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
          if (request.path === '/unasked') return { status: 401, headers: {}, body: 'who?' };
          return request.body(512 * KiB).then(
            (body) => ({ status: 200, headers: {}, body: String(body.length) }),
            (error) => ({ status: 413, headers: {}, body: error.code }) as HttpResponse,
          );
        },
      });
      const put = (path: string, bytes: number) =>
        fetch(url + path, { method: 'PUT', body: new Uint8Array(bytes) });
      t.equal(await (await put('/', 512 * KiB)).text(), String(512 * KiB));
      t.equal(await (await put('/', 2 * KiB)).text(), String(2 * KiB));
      const tooBig = await put('/', 512 * KiB + 1).catch(() => undefined);
      // A client that is still sending may find the connection cut before it reads the answer.
      t.ok(tooBig === undefined || tooBig.status === 413);
      const unasked = await put('/unasked', 512 * KiB).catch(() => undefined);
      t.ok(unasked === undefined || unasked.status === 401);
      t.equal(await (await put('/', 3)).text(), '3', 'and the next request is served');
    });

    t.test('HEAD has the length and no body, for whole and streamed answers', async (t) => {
      const { url } = await start(t, listen, {
        http: async ({ path }): Promise<HttpResponse> =>
          path.startsWith('/whole')
            ? { status: 200, headers: {}, body: 'hello' }
            : {
                status: 200,
                headers: { 'content-length': '4096' },
                body: pieces(1, 4096, { given: 0, finished: false }),
              },
      });
      for (const [at, length] of [
        ['/whole', '5'],
        ['/stream', '4096'],
      ] as const) {
        const answer = await fetch(url + at, { method: 'HEAD' });
        t.equal(answer.status, 200);
        t.equal(answer.headers.get('content-length') ?? length, length);
        t.equal(await answer.text(), '');
      }
    });

    for (const declared of [true, false]) {
      t.test(`a stream of ${declared ? 'known' : 'unknown'} length arrives byte for byte`, async (t) => {
        const state = { given: 0, finished: false };
        const headers: Record<string, string> = declared ? { 'content-length': String(100 * 64 * KiB) } : {};
        const { url } = await start(t, listen, {
          http: async () => ({ status: 200, headers, body: pieces(100, 64 * KiB, state) }),
        });
        const answer = await fetch(url);
        t.equal(answer.headers.get('content-length'), declared ? String(100 * 64 * KiB) : null);
        const bytes = new Uint8Array(await answer.arrayBuffer());
        t.equal(bytes.length, 100 * 64 * KiB);
        t.ok(bytes.every((byte, index) => byte === Math.floor(index / (64 * KiB)) % 251));
        t.ok(state.finished);
      });

      t.test(
        `a stream of ${declared ? 'known' : 'unknown'} length waits for a reader, and stops when it leaves`,
        async (t) => {
          const state = { given: 0, finished: false };
          const headers: Record<string, string> = declared
            ? { 'content-length': String(2000 * 64 * KiB) }
            : {};
          let signal: AbortSignal | undefined;
          const { port } = await start(t, listen, {
            async http(request) {
              signal = request.signal;
              return { status: 200, headers, body: pieces(2000, 64 * KiB, state) };
            },
          });
          const peer = net.connect(port, '127.0.0.1');
          peer.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
          await once(peer, 'readable');
          let before = -1;
          while (before !== state.given) {
            before = state.given;
            for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
          }
          t.ok(state.given < 1000, `held back after ${state.given} of 2000 pieces`);
          peer.destroy();
          await until(() => state.finished && signal!.aborted);
          t.pass('the source was ended');
        },
      );
    }

    t.test('a stream that fails cuts the connection', async (t) => {
      const { url } = await start(t, listen, {
        http: async () => ({
          status: 200,
          headers: {},
          body: (async function* () {
            yield new Uint8Array(10);
            throw new Error('disk');
          })(),
        }),
      });
      await t.rejects(fetch(url).then((answer) => answer.arrayBuffer()));
    });

    t.test('a rejection is a bare 500, a bad path a 400, and the server goes on', async (t) => {
      const { url } = await start(t, listen, { http: () => Promise.reject(new Error('secret')) });
      const answer = await fetch(url);
      t.equal(answer.status, 500);
      t.notMatch(await answer.text(), 'secret');
      t.equal((await fetch(`${url}/%zz`)).status, 400);
    });

    t.test('an upgrade can be refused with an answer, and is taken at one path only', async (t) => {
      const { port, seen } = await start(t, listen, {
        http: async () => ({ status: 404, headers: {}, body: 'no' }),
        admit: ({ headers, remoteAddress }) =>
          headers.get('origin') === 'https://bad.example'
            ? { status: 403, headers: { 'x-why': remoteAddress }, body: 'refused' }
            : undefined,
      });
      const refused = new WebSocket(`ws://127.0.0.1:${port}/ws`, { origin: 'https://bad.example' });
      refused.on('error', () => {});
      const [, answer] = (await once(refused, 'unexpected-response')) as [unknown, http.IncomingMessage];
      t.equal(answer.statusCode, 403);
      t.equal(answer.headers['x-why'], '127.0.0.1');
      refused.terminate();
      const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/other`);
      elsewhere.on('error', () => {});
      const [, missing] = (await once(elsewhere, 'unexpected-response')) as [unknown, http.IncomingMessage];
      t.equal(missing.statusCode, 404);
      elsewhere.terminate();
      t.equal(seen.connection, undefined);
    });

    t.test('binary messages pass both ways and keep their bytes', async (t) => {
      const { ws, seen } = await start(t, listen);
      const client = await open(ws);
      client.send(Buffer.from([1, 2, 3]));
      client.send(Buffer.alloc(64 * KiB, 7));
      client.send(Buffer.alloc(0));
      await until(() => seen.messages.length === 3);
      t.same([...seen.messages[0]!], [1, 2, 3], 'not emptied after the callback');
      t.equal(seen.messages[1]!.length, 64 * KiB);
      t.equal(seen.messages[1]![64 * KiB - 1], 7);
      t.equal(seen.messages[2]!.length, 0);
      t.ok(seen.connection!.send(new Uint8Array([9, 8])));
      const [data, isBinary] = await once(client, 'message');
      t.same([...data], [9, 8]);
      t.equal(isBinary, true);
      client.close(4000);
      await until(() => seen.closed.length === 1);
      t.same(seen.closed, [4000]);
      t.ok(seen.connection!.send(new Uint8Array(1)), 'sending into a closed connection does nothing');
      seen.connection!.close(1000, '');
    });

    t.test('a text frame closes with 1003, too long a message cuts', async (t) => {
      const { ws, seen } = await start(t, listen);
      const texting = await open(ws);
      texting.send('text');
      t.equal((await once(texting, 'close'))[0], 1003);
      const shouting = await open(ws);
      shouting.on('error', () => {});
      shouting.send(Buffer.alloc(64 * KiB + 1));
      t.ok([1006, 1009].includes((await once(shouting, 'close'))[0]));
      t.same(seen.messages, []);
      await until(() => seen.closed.length === 2);
    });

    t.test(
      'a peer that does not read fills a bounded buffer, and is heard of when it has read',
      async (t) => {
        const { ws, seen } = await start(t, listen);
        const client = await open(ws);
        client.pause();
        const piece = new Uint8Array(32 * KiB);
        let sent = 0;
        while (seen.connection!.send(piece)) {
          sent += 1;
          if (sent % 16 === 0) await new Promise(setImmediate);
        }
        t.ok(seen.connection!.buffered > 0);
        t.ok(seen.connection!.buffered <= 64 * KiB + 32, `${seen.connection!.buffered} bytes buffered`);
        let received = 0;
        client.on('message', () => {
          received += 1;
        });
        seen.drained = 0;
        client.resume();
        await until(() => received === sent && seen.drained > 0);
        t.equal(seen.connection!.buffered, 0);
        t.ok(seen.connection!.send(piece), 'and takes more');
        client.terminate();
      },
    );

    t.test('one message larger than the buffer passes when nothing waits before it', async (t) => {
      const { ws, seen } = await start(t, listen);
      const client = await open(ws);
      t.ok(seen.connection!.send(new Uint8Array(1024 * KiB)));
      t.equal((await once(client, 'message'))[0].length, 1024 * KiB);
      client.terminate();
    });

    t.test('the code and reason of a close reach the peer', async (t) => {
      const { ws, seen } = await start(t, listen);
      const client = await open(ws);
      seen.connection!.close(4401, 'UNAUTHENTICATED');
      const [code, reason] = await once(client, 'close');
      t.equal(code, 4401);
      t.equal(String(reason), 'UNAUTHENTICATED');
      await until(() => seen.closed.length === 1);
    });

    t.test('a port in use is a clear error', async (t) => {
      const { port } = await start(t, listen);
      const again = start(t, listen, { port });
      await t.rejects(again, { message: new RegExp(`Cannot listen on 127.0.0.1:${port}.*EADDRINUSE`) });
    });

    t.test('stopping closes connections with 1012, lets an answer end and takes no more', async (t) => {
      let finish = () => {};
      const asked = new Promise<void>((resolve) => {
        finish = resolve;
      });
      let arrived = false;
      const { ws, url, close, port } = await start(t, listen, {
        async http() {
          arrived = true;
          await asked;
          return { status: 200, headers: {}, body: 'late' };
        },
      });
      const client = await open(ws);
      const closing = once(client, 'close');
      const answer = fetch(url);
      await until(() => arrived);
      const stopped = close();
      t.equal((await closing)[0], 1012);
      finish();
      t.equal(await (await answer).text(), 'late');
      await stopped;
      await t.rejects(once(net.connect(port, '127.0.0.1'), 'connect'));
    });

    t.test('headers without end do not pile up', async (t) => {
      const { port, url } = await start(t, listen);
      const answer = await raw(
        port,
        `GET / HTTP/1.1\r\nHost: a\r\n${'X-Long: '.concat('y'.repeat(1000), '\r\n').repeat(200)}\r\n`,
      );
      t.notMatch(answer, /^HTTP\/1.1 200/);
      t.equal((await fetch(url)).status, 200, 'and others are served');
    });

    t.test('TLS with a key and a certificate', async (t) => {
      const directory = mkdtempSync(path.join(tmpdir(), 'auscult-tls-'));
      const tls = { keyFile: path.join(directory, 'key.pem'), certFile: path.join(directory, 'cert.pem') };
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
          '-subj',
          '/CN=localhost',
          '-keyout',
          tls.keyFile,
          '-out',
          tls.certFile,
        ],
        { stdio: 'ignore' },
      );
      const { port, seen } = await start(t, listen, { tls });
      const request = https.get({ port, host: '127.0.0.1', rejectUnauthorized: false });
      const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
      t.equal(answer.statusCode, 200);
      answer.resume();
      const client = await open(`wss://127.0.0.1:${port}/ws`, { rejectUnauthorized: false });
      client.send(Buffer.from([5]));
      await until(() => seen.messages.length === 1);
      client.terminate();
      await t.rejects(start(t, listen, { tls: { ...tls, keyFile: '/nowhere' } }));
    });

    t.test('a peer that answers no ping is cut', async (t) => {
      const seen = await silentPeer;
      await until(() => seen.closed.length === 1);
      t.pass('and the server knows');
    });
  });
}

contract('ws', listenWs);

const requireModule = createRequire(import.meta.url);
let native: ReturnType<typeof loadNative> | undefined;
try {
  native = loadNative(requireModule);
} catch {
  t.test('uWebSockets.js', { skip: 'its native module does not load here' }, () => {});
}
if (native !== undefined) contract('uWebSockets.js', listenUWebSockets(native));

t.test('the transport is chosen by what loads', async (t) => {
  const nothingLoads = (() => {
    throw new Error('no build');
  }) as unknown as NodeJS.Require;
  t.equal(chooseTransport('auto', nothingLoads), listenWs);
  t.throws(() => chooseTransport('uws', nothingLoads), /no build for this platform/);
  t.equal(chooseTransport('ws'), listenWs);
  if (native !== undefined) t.not(chooseTransport('auto'), listenWs);
});
