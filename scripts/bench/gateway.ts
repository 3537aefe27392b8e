/**
 * Slices accepted durably in a second: hashed, encrypted, chained and synced before they are acknowledged. Our gateway
 * on both transports, and the same intake with JSON and base64, one after another on one core each.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { WebSocket } from 'ws';
import { decode, encode } from '../../shared/protocol.ts';
import type { Bench } from './bench.ts';
import { median, rounded } from './statistics.ts';

const SECRET = 'a secret that only this bench knows of';
const SESSIONS = [1, 100, 1_000];
/** Three seconds of Opus at 24 kbit/s. */
const SLICE_BYTES = 9_000;
const WINDOW = 8;
const SECONDS = 3;
const ROUNDS = 3;

const MODES = ['uws', 'ws', 'json'] as const;
type Mode = (typeof MODES)[number];
const program = fileURLToPath(new URL('./gateway/intake-server.ts', import.meta.url));

async function start(mode: Mode) {
  const directory = mkdtempSync(join(tmpdir(), 'auscult-intake-'));
  const child = spawn(process.execPath, ['--import', 'tsx', program, mode, directory, SECRET], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  // Everything of the server, its writing thread included, on one core; where that cannot be had, on all.
  const pinned = spawnSync('taskset', ['-a', '-p', '-c', '0', String(child.pid)]).status === 0;
  return {
    port: Number(line),
    pinned,
    residentMiB: () =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Connects and greets; resolves with what sends one slice more and what ends it. */
async function enter(mode: Mode, port: number, token: string, onAck: () => void) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { perMessageDeflate: false });
  await once(socket, 'open');
  const write = (message: Record<string, unknown>) =>
    socket.send(mode === 'json' ? JSON.stringify(message) : encode(message as never));
  const welcomed = once(socket, 'message');
  write({ type: 'hello', version: 1, token });
  await welcomed;
  socket.on('message', (bytes) => {
    const text = mode === 'json' ? JSON.parse(String(bytes)) : decode(bytes as Buffer);
    if ((text as { type: string }).type === 'ack') onAck();
  });
  let seq = 0;
  const data = randomBytes(SLICE_BYTES);
  return {
    send() {
      data.writeUInt32LE(seq);
      const sha256 = `sha256:${createHash('sha256').update(data).digest('hex')}`;
      const rest = {
        type: 'slice',
        seq,
        epoch: 0,
        mime: 'audio/webm',
        sha256,
        durationMs: 3000,
        capturedAt: 1,
      };
      write({ ...rest, data: mode === 'json' ? data.toString('base64') : new Uint8Array(data) });
      seq += 1;
    },
    end: () => socket.terminate(),
  };
}

async function measure(mode: Mode, sessions: number, token: string) {
  const server = await start(mode);
  try {
    const empty = server.residentMiB();
    let acknowledged = 0;
    let counting = false;
    let running = true;
    const clients: Awaited<ReturnType<typeof enter>>[] = [];
    for (let index = 0; index < sessions; index += 1) {
      const client = await enter(mode, server.port, token, () => {
        if (counting) acknowledged += 1;
        if (running) client.send();
      });
      clients.push(client);
    }
    const idle = server.residentMiB();
    for (const client of clients) for (let index = 0; index < WINDOW; index += 1) client.send();
    const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    await wait(1);
    counting = true;
    const begun = performance.now();
    await wait(SECONDS);
    counting = false;
    const seconds = (performance.now() - begun) / 1000;
    running = false;
    for (const client of clients) client.end();
    return {
      perSecond: acknowledged / seconds,
      kib: ((idle - empty) * 1024) / sessions,
      pinned: server.pinned,
    };
  } finally {
    await server.stop();
  }
}

export const gateway: Bench = {
  name: 'gateway',
  about:
    'slices accepted durably a second on one core: uWebSockets.js, ws, and JSON with base64; memory per session',
  limit: 600,
  async run(say) {
    const token = await new SignJWT({ tenant: 'bench', roles: ['clinician'] })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('bench')
      .setIssuer('auscult')
      .setAudience('auscult')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(SECRET));
    const figures: Record<string, unknown> = { slice_bytes: SLICE_BYTES, window: WINDOW };
    for (const sessions of SESSIONS) {
      const rates: Record<Mode, number[]> = { uws: [], ws: [], json: [] };
      const memory: Record<Mode, number[]> = { uws: [], ws: [], json: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        // Each comes first once: whoever comes first also warms up what sends.
        for (const mode of [...MODES.slice(round), ...MODES.slice(0, round)]) {
          const { perSecond, kib, pinned } = await measure(mode, sessions, token);
          rates[mode].push(perSecond);
          memory[mode].push(kib);
          figures.one_core = pinned;
          say(`${mode}, ${sessions} sessions: ${rounded(perSecond, 0)} slices a second`);
        }
      }
      for (const mode of MODES) {
        figures[`${mode}_${sessions}`] = rounded(median(rates[mode]), 0);
        if (sessions === SESSIONS.at(-1))
          figures[`${mode}_kib_per_idle_session`] = rounded(median(memory[mode]), 0);
      }
      const uws = Number(median(rates.uws));
      figures[`uws_over_ws_${sessions}`] = rounded(uws / Number(median(rates.ws)));
      figures[`uws_over_json_${sessions}`] = rounded(uws / Number(median(rates.json)));
    }
    return figures;
  },
};
