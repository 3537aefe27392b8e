/**
 * Takes slices and acknowledges each once it is on disk, nothing else: behind our gateway on one of its transports, or
 * as JSON with base64 on bare `ws`, as servers commonly do. `node … intake-server.ts uws|ws|json DIRECTORY SECRET`.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../../server/clock.ts';
import { createCorpus } from '../../../server/corpus/create-corpus.ts';
import type { Api } from '../../../server/gateway/api.ts';
import { type GatewayOptions, startGateway } from '../../../server/gateway/gateway.ts';
import type { SliceMessage } from '../../../shared/protocol.ts';

const [mode, directory = '', secret = ''] = process.argv.slice(2) as ['uws' | 'ws' | 'json', string, string];
const corpus = await createCorpus({ directory, masterKeyFile: join(directory, 'master.key') });
let opened = 0;

async function open(): Promise<string> {
  opened += 1;
  const session = `session-${opened}`;
  await corpus.open(session, { language: 'en', owner: 'bench', tenant: 'bench' });
  return session;
}

async function store(session: string, slice: Omit<SliceMessage, 'type'>): Promise<void> {
  const { seq, epoch, mime, durationMs, capturedAt, data, sha256 } = slice;
  if (`sha256:${createHash('sha256').update(data).digest('hex')}` !== sha256) throw new Error('another hash');
  const event = { seq, epoch, mime, audioHash: sha256, bytes: data.length, durationMs, capturedAt };
  await corpus.append(session, [{ type: 'slice.received', data: event, blob: data }]);
}

const enough = { burst: 1e12, perSecond: 1e12 };
const many = { total: 10_000, perKey: 10_000 };

async function listen(): Promise<number> {
  if (mode === 'json') {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    server.on('connection', (socket) => {
      const session = open();
      socket.on('message', async (text) => {
        const message = JSON.parse(String(text));
        if (message.type === 'hello') {
          await session;
          return socket.send(JSON.stringify({ type: 'welcome' }));
        }
        await store(await session, { ...message, data: new Uint8Array(Buffer.from(message.data, 'base64')) });
        socket.send(JSON.stringify({ type: 'ack', seq: message.seq }));
      });
    });
    await new Promise((resolve) => server.once('listening', resolve));
    return (server.address() as { port: number }).port;
  }
  const gateway = await startGateway({
    ...{
      host: '127.0.0.1',
      port: 0,
      transport: mode,
      clock: systemClock,
      origins: [],
      api: {} as Api,
      voices: {} as GatewayOptions['voices'],
      vocabulary: {} as GatewayOptions['vocabulary'],
    },
    limits: { messageRate: enough, byteRate: enough, authenticated: many, unauthenticated: many },
    tokens: {
      ...{ issuer: 'auscult', audience: 'auscult', secret: Buffer.from(secret) },
      ...{ lifetimeSeconds: 3600, loginSeconds: 3600 },
    },
    ready: async () => ({ ready: true, checks: {} }),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    report: (error) => process.stderr.write(`${error}\n`),
    async attach(_hello, peer) {
      const session = await open();
      peer.send({
        ...{ type: 'welcome', version: 1, session, phase: 'recording', engine: null },
        ...{ nextSeq: 0, nextEpoch: 0, window: 8, sliceBytes: 1024 * 1024 },
      });
      return {
        receive(message) {
          if (message.type !== 'slice') return;
          void store(session, message).then(() => peer.send({ type: 'ack', seq: message.seq }));
        },
        detach() {},
      };
    },
  });
  return gateway.port;
}

process.stdout.write(`${await listen()}\n`);
