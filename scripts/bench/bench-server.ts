/** The real server, as a process of its own with a corpus of its own, and the means to record into it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SignJWT } from 'jose';
import { startServerProcess } from '../../fixtures/end-to-end/server-process.ts';

const secret = 'a secret that only the benches know about';

export interface BenchServer {
  readonly origin: string;
  /** Good for every session of this bench. */
  readonly token: string;
  readonly pid: number;
  /** The server's metrics by name, those without labels. */
  metrics(): Promise<Map<string, number>>;
  api<Answer>(path: string): Promise<Answer>;
  stop(): Promise<void>;
}

/** `environment` says which engine; speakers are not told apart, and nothing waits for an idle machine. */
export async function startBenchServer(environment: Record<string, string>): Promise<BenchServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'auscult-bench-'));
  const server = await startServerProcess({
    AUSCULT_DATA: path.join(directory, 'data'),
    AUSCULT_MODELS: path.join(directory, 'models'),
    AUSCULT_JWT_SECRET: secret,
    AUSCULT_LOG_LEVEL: 'error',
    AUSCULT_LANGUAGE: 'en',
    AUSCULT_STAND_IN: '0',
    AUSCULT_LOCAL_LOGIN: '1',
    ...environment,
  });
  // A bench that is cut short leaves no server behind.
  const kill = () => server.child.kill('SIGKILL');
  process.once('exit', kill);
  const token = await new SignJWT({ tenant: 'bench', roles: ['clinician', 'admin'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('bench')
    .setIssuer('auscult')
    .setAudience('auscult')
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(new TextEncoder().encode(secret));
  const get = async (where: string) => {
    const answer = await fetch(server.origin + where, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`${where} was answered with ${answer.status}`);
    return answer;
  };
  return {
    origin: server.origin,
    token,
    pid: server.child.pid ?? 0,
    async metrics() {
      const text = await (await get('/metrics')).text();
      return new Map([...text.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
    },
    api: async <Answer>(where: string) => (await (await get(where)).json()) as Answer,
    async stop() {
      await server.stop();
      process.removeListener('exit', kill);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
