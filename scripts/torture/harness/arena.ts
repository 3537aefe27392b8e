/** Where a torture takes place: a real server as a process, on a data directory and a port that outlive it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { nanoid } from 'nanoid';
import { type ServerProcess, startServerProcess } from '../../../fixtures/end-to-end/server-process.ts';
import { startToneServer, type ToneServer } from '../../../fixtures/engines/tone-engine.ts';
import type { Corpus } from '../../../server/corpus/corpus.ts';
import { createCorpus } from '../../../server/corpus/create-corpus.ts';
import { FinalResult } from '../../../shared/events.ts';

export interface Person {
  subject: string;
  tenant: string;
  roles: readonly string[];
}

export const clinician: Person = { subject: 'dr-anaya', tenant: 'clinic', roles: ['clinician'] };

export interface Arena {
  readonly directory: string;
  readonly dataDirectory: string;
  readonly engine: ToneServer;
  readonly origin: string;
  readonly socketUrl: string;
  readonly server: ServerProcess;
  /** Everything that the servers so far have written to their standard output and error. */
  output(): string;
  start(environment?: Record<string, string>): Promise<void>;
  /** SIGKILL, and resolves when the process is gone. */
  kill(): Promise<void>;
  token(person?: Person, claims?: TokenClaims): Promise<string>;
  get(path: string, token: string): Promise<Response>;
  /** The result as anybody may read it, once there is one. */
  result(session: string, token: string): Promise<FinalResult | undefined>;
  /** Reads beside the server or after it. */
  corpus(directory?: string): Promise<Corpus>;
  close(): Promise<void>;
}

export interface TokenClaims {
  expiresAt?: number;
  id?: string;
  issuer?: string;
  secret?: string;
}

const SECRET = 'a secret that only the tortures know about';

export async function createArena(environment: Record<string, string> = {}): Promise<Arena> {
  const directory = mkdtempSync(join(tmpdir(), 'auscult-torture-'));
  const dataDirectory = join(directory, 'data');
  const engine = await startToneServer();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  let server: ServerProcess | undefined;
  let written = '';

  const arena: Arena = {
    directory,
    dataDirectory,
    engine,
    origin,
    socketUrl: `ws://127.0.0.1:${port}/ws`,
    get server() {
      if (server === undefined) throw new Error('no server has been started');
      return server;
    },
    output: () => written + (server?.output() ?? ''),
    async start(more = {}) {
      written += server?.output() ?? '';
      server = await startServerProcess({
        AUSCULT_DATA: dataDirectory,
        AUSCULT_CACHE: join(directory, 'cache'),
        AUSCULT_PORT: String(port),
        AUSCULT_JWT_SECRET: SECRET,
        AUSCULT_LOG_LEVEL: 'info',
        AUSCULT_LANGUAGE: 'en',
        AUSCULT_DIARIZE_PRIORITY: 'high',
        WHISPER_URL: engine.url,
        ...environment,
        ...more,
      });
    },
    kill: async () => server?.stop('SIGKILL'),
    async token({ subject, tenant, roles } = clinician, claims = {}) {
      const token = new SignJWT({ tenant, roles: [...roles] })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(subject)
        .setIssuer(claims.issuer ?? 'auscult')
        .setAudience('auscult')
        .setIssuedAt()
        .setExpirationTime(claims.expiresAt ?? Math.floor(Date.now() / 1000) + 4 * 3600)
        .setJti(claims.id ?? nanoid());
      return token.sign(new TextEncoder().encode(claims.secret ?? SECRET));
    },
    get: (path, token) => fetch(origin + path, { headers: { authorization: `Bearer ${token}` } }),
    async result(session, token) {
      const answer = await arena.get(`/api/sessions/${session}`, token);
      const { result } = (await answer.json()) as { result?: unknown };
      return result === undefined ? undefined : FinalResult.parse(result);
    },
    corpus: (from = dataDirectory) =>
      createCorpus({ directory: from, masterKeyFile: join(dataDirectory, 'master.key'), readOnly: true }),
    async close() {
      await server?.stop('SIGKILL');
      await engine.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return arena;
}

/** Kept through restarts, so that a client finds the server again where it was. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise<unknown>((resolve) => server.close(resolve));
  return port;
}
