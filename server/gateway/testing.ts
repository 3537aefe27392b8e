/** For the gateway's tests: a whole gateway with a recorder of calls where the rest of the server would be. */
import { once } from 'node:events';
import type { Test } from 'tap';
import { WebSocket } from 'ws';
import { CodedError } from '../../shared/errors.ts';
import {
  type ClientMessage,
  decode,
  encode,
  type HelloMessage,
  type ServerMessage,
} from '../../shared/protocol.ts';
import { createManualClock, type ManualClock } from '../clock.ts';
import type { Api, SessionSummary } from './api.ts';
import { type GatewayOptions, startGateway } from './gateway.ts';
import type { Attachment, Peer, Principal } from './peer.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { VoiceSummary, Voices } from './voices.ts';

export const SECRET = new TextEncoder().encode('a secret of the tests, longer than 32 bytes');
export const NOW = Date.UTC(2026, 0, 1);

export const clinician: Principal = { subject: 'dr-a', tenant: 'north', roles: ['clinician'] };
export const reviewer: Principal = { subject: 'rev', tenant: 'north', roles: ['reviewer'] };
export const admin: Principal = { subject: 'adm', tenant: 'north', roles: ['admin'] };
export const colleague: Principal = { ...clinician, subject: 'dr-b' };
export const stranger: Principal = {
  subject: 'dr-a',
  tenant: 'south',
  roles: ['clinician', 'reviewer', 'admin'],
};

export const SESSION = 'session-1';
const summary: SessionSummary = {
  ...{ session: SESSION, tenant: 'north', owner: 'dr-a', phase: 'finished', slices: 1, erased: false },
  ...{ openedAt: '2026-01-01T00:00:00.000Z', duration: 3 },
};
export const AUDIO = Uint8Array.from({ length: 1000 }, (_, index) => index % 256);

export function recordingApi(): Api & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    ownership: async (session) => (session === SESSION ? { tenant: 'north', owner: 'dr-a' } : undefined),
    async list({ tenant, owner }) {
      return tenant === 'north' && (owner ?? 'dr-a') === 'dr-a' ? [summary] : [];
    },
    async view(by) {
      calls.push(`view ${by.subject}`);
      return summary;
    },
    async events(_by, _session, after) {
      calls.push(`events ${after}`);
      return [];
    },
    async chunks() {
      calls.push('chunks');
      return [];
    },
    async audio() {
      calls.push('audio');
      return {
        bytes: AUDIO.length,
        sha256: 'ab',
        async *read(first, last) {
          yield AUDIO.subarray(first, last + 1);
        },
      };
    },
    async finalize(_by, _session, { numSpeakers }) {
      calls.push(`finalize ${numSpeakers}`);
      if (numSpeakers === 20) throw new CodedError('SESSION_EMPTY');
      return { request: 'r1' };
    },
    label: async (_by, _session, speaker, { name }) => void calls.push(`label ${speaker} ${name}`),
    undoLabel: async (_by, _session, speaker) => void calls.push(`undo ${speaker}`),
    erase: async (by) => void calls.push(`erase ${by.subject}`),
    denied: (by, _session, what, code) => void calls.push(`denied ${by.subject} ${what} ${code}`),
  };
}

const voice: VoiceSummary = {
  ...{ name: 'Dr A', owner: 'dr-a', embedder: 'e', seconds: 4, usable: true },
  createdAt: '2026-01-01T00:00:00.000Z',
};

export function recordingVoices(calls: string[]): Voices {
  return {
    async list({ tenant, owner }) {
      return tenant === 'north' && (owner ?? 'dr-a') === 'dr-a' ? [voice] : [];
    },
    async enrol(by, name, audio) {
      calls.push(`enrol ${by.subject} ${name} ${audio.length}`);
      return { ...voice, name };
    },
    forget: async (by, owner, name) => void calls.push(`forget ${by.subject} ${owner} ${name}`),
  };
}

export function recordingVocabulary(calls: string[]): Vocabulary {
  return {
    list: async (tenant) => [`term of ${tenant}`],
    async replace(by, terms) {
      calls.push(`replace ${by.tenant} ${terms.join('|')}`);
      return [...terms];
    },
  };
}

export interface Attached {
  hello: HelloMessage;
  peer: Peer;
  received: ClientMessage[];
  detached: boolean;
}

export async function startTestGateway(t: Test, overrides: Partial<GatewayOptions> = {}) {
  const clock: ManualClock = createManualClock(NOW);
  const api = recordingApi();
  const attached: Attached[] = [];
  const reports: unknown[] = [];
  const gateway = await startGateway({
    ...{ host: '127.0.0.1', port: 0, transport: 'auto', clock, api, origins: ['https://listed.example'] },
    voices: recordingVoices(api.calls),
    vocabulary: recordingVocabulary(api.calls),
    tokens: {
      issuer: 'auscult',
      audience: 'auscult',
      secret: SECRET,
      lifetimeSeconds: 600,
      loginSeconds: 3600,
    },
    ready: async () => ({ ready: true, checks: {} }),
    metrics: async () => ({ contentType: 'text/plain', text: 'up 1\n' }),
    report: (error) => reports.push(error),
    async attach(hello, peer): Promise<Attachment> {
      const place: Attached = { hello, peer, received: [], detached: false };
      attached.push(place);
      peer.send({
        ...{
          type: 'welcome',
          version: 1,
          session: hello.session ?? SESSION,
          phase: 'recording',
          engine: null,
        },
        ...{ nextSeq: 0, nextEpoch: 0, window: 8, sliceBytes: 1024 },
      });
      return {
        receive: (message) => void place.received.push(message),
        detach: () => {
          place.detached = true;
        },
      };
    },
    ...overrides,
  });
  t.teardown(() => gateway.close());
  const url = `http://127.0.0.1:${gateway.port}`;
  const token = async (principal: Principal) => (await gateway.issueToken(principal)).token;
  return {
    gateway,
    clock,
    api,
    attached,
    reports,
    url,
    token,
    connect: (options = {}) => connect(gateway.port, options),
  };
}

export interface TestClient {
  socket: WebSocket;
  send(message: unknown): void;
  sendBytes(bytes: Uint8Array): void;
  next(): Promise<ServerMessage>;
  /** The close code and reason. */
  closed: Promise<[number, string]>;
}

async function connect(port: number, options: object): Promise<TestClient> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, options);
  const inbox: ServerMessage[] = [];
  const readers: ((message: ServerMessage) => void)[] = [];
  socket.on('message', (data: Buffer) => {
    const message = decode(data) as ServerMessage;
    const reader = readers.shift();
    if (reader) reader(message);
    else inbox.push(message);
  });
  const closed = new Promise<[number, string]>((resolve) => {
    socket.on('close', (code, reason) => resolve([code, String(reason)]));
  });
  await once(socket, 'open');
  return {
    socket,
    closed,
    send: (message) => socket.send(encode(message as ClientMessage)),
    sendBytes: (bytes) => socket.send(bytes),
    next: () =>
      new Promise((resolve) => {
        const message = inbox.shift();
        if (message) resolve(message);
        else readers.push(resolve);
      }),
  };
}

export const aSlice = (seq: number, data = new Uint8Array(10)) => ({
  ...{ type: 'slice', seq, epoch: 0, mime: 'audio/webm', durationMs: 3000, capturedAt: NOW, data },
  sha256: `sha256:${'0'.repeat(64)}`,
});
