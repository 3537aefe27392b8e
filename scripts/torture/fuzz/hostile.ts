/** Messages and requests that nobody well-meaning would send. */
import { type ClientMessage, encode } from '../../../shared/protocol.ts';
import { sha256 } from '../harness/sound.ts';

type Random = () => number;
const below = (random: Random, limit: number) => Math.floor(random() * limit);
const pick = <Item>(random: Random, items: readonly Item[]): Item => items[below(random, items.length)]!;
const noise = (random: Random, length: number) => Uint8Array.from({ length }, () => below(random, 256));

const numbers = [-1, 0, 1, 7, 1e9, 2 ** 53, 2 ** 63, 1e308, -0.5, Number.NaN, Number.POSITIVE_INFINITY];
const strings = [
  '',
  '\0',
  '../../etc/passwd',
  "'; DROP TABLE events; --",
  '\u202e',
  'a'.repeat(5000),
  '__proto__',
  '$system',
];

/** A value of any kind, some of them deep. */
function anything(random: Random, depth = 0): unknown {
  const kind = below(random, depth > 6 ? 4 : 7);
  if (kind === 0) return pick(random, numbers);
  if (kind === 1) return pick(random, strings);
  if (kind === 2) return pick(random, [null, true, false, undefined]);
  if (kind === 3) return noise(random, below(random, 200));
  if (kind === 4) return Array.from({ length: below(random, 6) }, () => anything(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: below(random, 5) }, () => [
      pick(random, ['type', 'seq', 'data', 'constructor', 'x']),
      anything(random, depth + 1),
    ]),
  );
}

function wellFormed(random: Random, token: string): Record<string, unknown> {
  const data = noise(random, 1 + below(random, 400));
  const slice = {
    ...{
      type: 'slice',
      seq: below(random, 4),
      epoch: below(random, 3),
      mime: pick(random, ['audio/wav', 'audio/webm', 'x']),
    },
    ...{ sha256: sha256(data), durationMs: below(random, 5000), capturedAt: 1, data },
  };
  return pick(random, [
    slice,
    slice,
    { type: 'hello', version: 1, token, session: pick(random, strings), after: pick(random, numbers) },
    { type: 'pause' },
    { type: 'resume' },
    { type: 'consent', statement: pick(random, strings) },
    { type: 'finalize', numSpeakers: pick(random, numbers) },
    { type: 'renew', token: pick(random, [token, 'x', `${token}x`]) },
    { type: 'ping', at: pick(random, numbers) },
  ]);
}

export function hostileMessage(random: Random, token: string): Uint8Array {
  const message = wellFormed(random, token);
  const kind = below(random, 6);
  if (kind === 0) return noise(random, below(random, 300));
  if (kind === 1) message[pick(random, Object.keys(message))] = anything(random);
  if (kind === 2) return new Uint8Array(encode(anything(random) as ClientMessage));
  const bytes = new Uint8Array(encode(message as ClientMessage));
  if (kind === 3) return bytes.subarray(0, below(random, bytes.length));
  if (kind === 4)
    for (let flips = 1 + below(random, 4); flips > 0; flips -= 1)
      bytes[below(random, bytes.length)] = below(random, 256);
  return bytes;
}

const paths = [
  '/',
  '/ws',
  '/api/sessions',
  '/api/login',
  '/api/tickets',
  '/api/token/revoke',
  '/metrics',
  '/assets/x.js',
];

/** The bytes of one HTTP request, most of them broken somewhere. */
export function hostileRequest(random: Random, token: string, session: string): string {
  const oddPaths = [
    ...paths,
    `/api/sessions/${session}/events?after=${pick(random, numbers)}`,
    `/api/sessions/${session}/audio`,
    `/api/sessions/${encodeURIComponent(pick(random, strings))}`,
    `/${'../'.repeat(below(random, 20))}etc/passwd`,
    '/%00%ff%zz',
    `/${'x'.repeat(below(random, 20_000))}`,
    'http://elsewhere/',
    '*',
  ];
  const body = pick(random, [
    '',
    '{',
    '[]'.repeat(below(random, 1000)),
    '{"a":'.repeat(below(random, 3000)),
    JSON.stringify(anything(random)) ?? '',
    JSON.stringify({ ticket: pick(random, strings), reason: pick(random, strings) }),
  ]);
  const length = pick(random, [body.length, body.length, body.length + 10, 0, -1, 1e12]);
  const headers = [
    `Host: ${pick(random, ['localhost', '', 'x'.repeat(300)])}`,
    `Authorization: ${pick(random, ['Bearer ', 'Basic ', ''])}${pick(random, [token, 'x', 'a.b.c', `${token}\0`])}`,
    `Content-Length: ${length}`,
    ...(random() < 0.2 ? ['Transfer-Encoding: chunked'] : []),
    ...(random() < 0.3 ? [`Range: bytes=${pick(random, numbers)}-${pick(random, numbers)}`] : []),
    ...(random() < 0.2
      ? [
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Sec-WebSocket-Key: ${pick(random, ['x', 'dGhlIHNhbXBsZSBub25jZQ=='])}`,
        ]
      : []),
    ...(random() < 0.1 ? [`X-Long: ${'y'.repeat(below(random, 30_000))}`] : []),
    ...(random() < 0.2 ? [`Origin: ${pick(random, ['null', 'https://evil.example', 'x'])}`] : []),
  ].filter(() => random() < 0.9);
  const method = pick(random, [
    'GET',
    'POST',
    'PUT',
    'DELETE',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'get',
    '',
    'G\0T',
  ]);
  const end = random() < 0.9 ? '\r\n' : '\n';
  return [
    `${method} ${pick(random, oddPaths)} ${pick(random, ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9'])}`,
    ...headers,
    '',
    body,
  ].join(end);
}
