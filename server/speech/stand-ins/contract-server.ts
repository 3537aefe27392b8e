/** whisper-server's HTTP contract for recognisers that are not whisper-server. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeWav } from '../engines/wav.ts';
import type { WhisperAnswer } from '../engines/whisper-answer.ts';

export interface Recognition {
  /** 16 kHz mono. */
  audio: Int16Array;
  /** The other fields of the form: `language`, `prompt`, `audio_ctx`, … */
  fields: ReadonlyMap<string, string>;
  /** Fires when the client has gone. */
  signal: AbortSignal;
}

export interface ContractServer {
  readonly url: string;
  close(): Promise<void>;
}

export interface ContractServerOptions {
  recognise(recognition: Recognition): Promise<WhisperAnswer>;
  /** May answer a request in its own way; true says that it has. */
  intercept?(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  port?: number;
}

const MOST_BYTES = 8 * 1024 * 1024;

/** Listens on the loopback address. */
export async function serveContract(options: ContractServerOptions): Promise<ContractServer> {
  const server = createServer((request, response) => {
    handle(request, response, options).catch(() =>
      answer(response, 500, { error: 'failed to process audio' }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(request: IncomingMessage, response: ServerResponse, options: ContractServerOptions) {
  if (request.method === 'GET' && request.url === '/health') return answer(response, 200, { status: 'ok' });
  if (request.method !== 'POST' || request.url !== '/inference') {
    return answer(response, 404, { error: 'not found' });
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const body = await read(request);
  if (await options.intercept?.(request, response)) return;
  const form = await new Response(body, {
    headers: { 'content-type': request.headers['content-type'] ?? '' },
  })
    .formData()
    .catch(() => new FormData());
  const file = form.get('file');
  if (!(file instanceof Blob)) return answer(response, 400, { error: "no 'file' field in the request" });
  const fields = new Map<string, string>();
  for (const [name, value] of form) if (typeof value === 'string') fields.set(name, value);
  let audio: Int16Array;
  try {
    audio = decodeWav(new Uint8Array(await file.arrayBuffer()));
  } catch {
    return answer(response, 400, { error: 'failed to read audio data' });
  }
  answer(response, 200, await options.recognise({ audio, fields, signal: gone.signal }));
}

async function read(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MOST_BYTES) throw new RangeError('body too large');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
