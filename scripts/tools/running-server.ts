/** The server that runs on this data directory, asked by a tool in the name of whoever runs the tool. */
import { userInfo } from 'node:os';
import { Agent, request } from 'undici';
import { z } from 'zod';
import type { Config } from '../../server/config.ts';
import { isBeingWritten } from '../../server/corpus/sqlite/writer-lock.ts';
import type { Principal } from '../../server/gateway/peer.ts';
import { mintToken } from '../../server/local-tokens.ts';
import { readServerFile } from '../../server/server-file.ts';

const TOKEN_SECONDS = 60;
const ANSWER_SECONDS = 120;

const Failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** The name under which the audit trail shows what a tool did: the account of the operating system. */
export function account(): string {
  try {
    return `os:${userInfo().username}`;
  } catch {
    // A container may run under a number that has no name.
    return `os:${process.getuid?.() ?? 'unknown'}`;
  }
}

/**
 * The address of the running server; undefined when none runs.
 * @throws Error when somebody writes to the corpus and has not said where it can be asked
 */
export function findServer(config: Config): string | undefined {
  if (!isBeingWritten(config.AUSCULT_DATA)) return undefined;
  const file = readServerFile(config.AUSCULT_DATA);
  if (file !== undefined) return file.address;
  throw new Error(
    `Another process is writing to ${config.AUSCULT_DATA}, perhaps a server that is starting; try again in a moment.`,
  );
}

export interface Asked {
  method: 'GET' | 'HEAD' | 'DELETE';
  path: string;
  body?: unknown;
}

/** @throws Error with the server's own sentence when it does not do what it is asked */
export async function askServer(
  config: Config,
  address: string,
  by: Principal,
  { method, path, body }: Asked,
): Promise<void> {
  const token = await mintToken(config, by, TOKEN_SECONDS);
  // The writer's lock vouches for who listens there; its certificate is made out to a name, not to this machine.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const answer = await request(new URL(path, address), {
      method,
      dispatcher,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
    }).catch((cause) => {
      throw new Error(`The server at ${address} does not answer.`, { cause });
    });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return;
    if (answer.statusCode === 401) {
      throw new Error(
        'The running server does not take this token; run this with its AUSCULT_JWT_* settings.',
      );
    }
    const failure = Failure.safeParse(text === '' ? undefined : JSON.parse(text));
    const why = failure.data?.error.message ?? `answered ${answer.statusCode}`;
    throw new Error(`The running server: ${why}`);
  } finally {
    await dispatcher.close();
  }
}
