/** Clients that never read what is sent to them, and clients that send a byte a second. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../../server/clock.ts';
import { type ClientMessage, encode } from '../../../shared/protocol.ts';

const upgrade = (port: number) =>
  [
    'GET /ws HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    '\r\n',
  ].join('\r\n');

/** One masked binary frame. */
function frame(message: ClientMessage): Buffer {
  const payload = Buffer.from(encode(message));
  const head =
    payload.length < 126
      ? Buffer.from([0x82, 0x80 | payload.length])
      : Buffer.from([0x82, 0xfe, payload.length >> 8, payload.length & 0xff]);
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** Whenever it is cut off it comes again; `live` is called with each new socket and answers what ends its work. */
function persistently(port: number, live: (socket: Socket) => () => void): void {
  let endWork = () => {};
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.on('connect', () => {
    endWork = live(socket);
  });
  socket.on('close', () => {
    endWork();
    systemClock.after(500, () => persistently(port, live));
  });
}

function every(milliseconds: number, task: () => void): () => void {
  const timer = setInterval(task, milliseconds);
  return () => clearInterval(timer);
}

/** Greets, then asks every second and never takes the answers. */
export function neverReads(port: number, token: string, name: string): void {
  persistently(port, (socket) => {
    socket.pause();
    socket.write(upgrade(port));
    socket.write(frame({ type: 'hello', version: 1, token, client: name }));
    return every(1_000, () => socket.write(frame({ type: 'ping', at: Date.now() })));
  });
}

/** A byte a second: of the upgrade, or after it of its first message. */
export function trickles(port: number, token: string, what: 'upgrade' | 'message'): void {
  persistently(port, (socket) => {
    const whole = Buffer.concat([Buffer.from(upgrade(port)), frame({ type: 'hello', version: 1, token })]);
    let at = 0;
    if (what === 'message') {
      at = upgrade(port).length;
      socket.write(whole.subarray(0, at));
    }
    return every(1_000, () => {
      if (at < whole.length) socket.write(whole.subarray(at, at + 1));
      at += 1;
    });
  });
}
