/** One file from the hub: resumed where it was cut, verified while it streams, in place only when whole. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import pRetry, { AbortError } from 'p-retry';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import type { ModelSource, PublishedHash } from '../../server/model-table.ts';

export type DownloadProblem =
  | 'unreachable'
  | 'refused'
  | 'not-found'
  | 'unavailable'
  | 'cut'
  | 'wrong-bytes'
  | 'unverifiable'
  | 'no-space';

/** The file is not there: the message says why in one sentence, the remedy what to do. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly problem: DownloadProblem;
  readonly remedy: string;
  constructor(problem: DownloadProblem, message: string, remedy: string) {
    super(message);
    this.problem = problem;
    this.remedy = remedy;
  }
}

export interface Hub {
  /** Origin and path prefix, e.g. `https://huggingface.co`. */
  readonly endpoint: string;
  /** Sent to the endpoint's own host and to no other. */
  readonly token?: string | undefined;
  /** Milliseconds until an address that does not answer counts as unreachable. Default 4000. */
  readonly connectTimeoutMs?: number;
  /** How often a cut or overloaded transfer is taken up again, and the first pause. Default 5, 500 ms. */
  readonly retries?: number;
  readonly firstPauseMs?: number;
}

export interface DownloadOptions {
  readonly hub: Hub;
  readonly source: ModelSource;
  readonly destination: string;
  /** `total` is undefined while the hub has not said it. */
  readonly onProgress?: (received: number, total: number | undefined) => void;
  /** Free bytes of the file system that holds a directory. */
  readonly freeBytes?: (directory: string) => Promise<number>;
}

export interface Downloaded {
  readonly bytes: number;
  readonly hash: PublishedHash;
  readonly verifiedBy: 'published hash' | 'X-Linked-Etag';
}

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 5;
const spareBytes = 64 * 1024 * 1024;
const unreachableCodes =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|CERT_.*|.*SELF_SIGNED.*|UNABLE_TO_.*|ERR_TLS_.*)$/;

const codeOf = (error: unknown): string => {
  const { code, cause, errors } = error as { code?: string; cause?: unknown; errors?: unknown[] };
  return code ?? (errors?.[0] ? codeOf(errors[0]) : cause ? codeOf(cause) : '');
};

const header = (headers: Record<string, string | string[] | undefined>, name: string) => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const defaultFreeBytes = async (directory: string) => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
};

const sizeOf = async (path: string) => (await stat(path).catch(() => undefined))?.size ?? 0;

export const sourceUrl = (hub: Hub, source: ModelSource) =>
  new URL(
    `${hub.endpoint.replace(/\/+$/, '')}/${source.repository}/resolve/${source.revision}/${source.path}`,
  );

interface Answer {
  readonly response: Dispatcher.ResponseData;
  /** The hub's SHA-256 of the file, where it says it. */
  readonly linkedEtag: string | undefined;
}

async function ask(
  dispatcher: Dispatcher,
  hub: Hub,
  start: URL,
  range: Record<string, string>,
): Promise<Answer> {
  const hubHost = new URL(hub.endpoint).host;
  let url = start;
  let linkedEtag: string | undefined;
  for (let hop = 0; hop <= maxRedirects; hop += 1) {
    const authorized = hub.token !== undefined && url.host === hubHost;
    const response = await request(url, {
      dispatcher,
      headersTimeout: 15_000,
      bodyTimeout: 30_000,
      headers: {
        'user-agent': 'auscult',
        'accept-encoding': 'identity',
        ...(authorized ? { authorization: `Bearer ${hub.token}` } : {}),
        ...range,
      },
    });
    const said = header(response.headers, 'x-linked-etag')?.replace(/^W\//, '').replaceAll('"', '');
    if (said !== undefined && /^[0-9a-f]{64}$/.test(said)) linkedEtag = said;
    const location = header(response.headers, 'location');
    if (!redirects.has(response.statusCode) || location === undefined) return { response, linkedEtag };
    await response.body.dump();
    url = new URL(location, url);
  }
  throw new DownloadError(
    'unavailable',
    `${start} leads in circles.`,
    'Check HF_ENDPOINT, then run the command again.',
  );
}

function refusal(status: number, url: URL, source: ModelSource, hub: Hub): Error {
  if (status === 401 || status === 403) {
    return new AbortError(
      new DownloadError(
        'refused',
        `${url.host} does not hand out ${source.repository}/${source.path} (${status}).`,
        hub.token === undefined
          ? `Accept the conditions of ${source.repository} on the hub, set HF_TOKEN to a token of that account and run the command again.`
          : `Check that the account of HF_TOKEN has accepted the conditions of ${source.repository}, then run the command again.`,
      ),
    );
  }
  if (status === 404 || status === 410) {
    return new AbortError(
      new DownloadError(
        'not-found',
        `${url.host} has no ${source.repository}/${source.path} (${status}).`,
        'Check HF_ENDPOINT, then run the command again.',
      ),
    );
  }
  return new DownloadError(
    'unavailable',
    `${url.host} cannot serve ${source.repository}/${source.path} at the moment (${status}).`,
    'Run the command again later.',
  );
}

/**
 * Downloads `source` to `destination`. What has arrived stays in `destination.part` when a transfer is cut, and
 * the next call goes on from there if the hub still has the same bytes.
 *
 * @throws DownloadError
 */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const { hub, source, destination } = options;
  const url = sourceUrl(hub, source);
  const part = `${destination}.part`;
  const note = `${destination}.part.etag`;
  const dispatcher = new EnvHttpProxyAgent({ connect: { timeout: hub.connectTimeoutMs ?? 4000 } });
  let everAnswered = false;
  let linkedEtag: string | undefined;
  await mkdir(dirname(destination), { recursive: true });

  const discard = () => Promise.all([part, note].map((path) => rm(path, { force: true })));
  const wrongBytes = async (what: string) => {
    await discard();
    return new AbortError(
      new DownloadError(
        'wrong-bytes',
        `What ${url.host} sent for ${source.path} is not the published file (${what}); it was deleted.`,
        'Run the command again; if it stays so, check HF_ENDPOINT and what stands between here and the hub.',
      ),
    );
  };

  const attempt = async (): Promise<{ bytes: number; sums: ReadonlyMap<string, string> }> => {
    const etag = await readFile(note, 'utf8').catch(() => undefined);
    let have = etag === undefined ? 0 : await sizeOf(part);
    const range: Record<string, string> =
      have > 0 && etag !== undefined ? { range: `bytes=${have}-`, 'if-range': etag } : {};
    const answer = await ask(dispatcher, hub, url, range);
    everAnswered = true;
    linkedEtag = answer.linkedEtag ?? linkedEtag;
    const { statusCode, headers, body } = answer.response;
    if (statusCode !== 200 && statusCode !== 206) {
      await body.dump();
      if (statusCode === 416) {
        // What is there is longer than the file: start over.
        await discard();
        throw new DownloadError('cut', `${url.host} has a shorter file.`, 'Run the command again.');
      }
      throw refusal(statusCode, url, source, hub);
    }
    if (statusCode === 206) {
      const first = /^bytes (\d+)-/.exec(header(headers, 'content-range') ?? '')?.[1];
      if (Number(first) !== have) throw await wrongBytes('it begins at another byte than asked for');
    } else have = 0;

    const length = header(headers, 'content-length');
    const total = length === undefined ? source.bytes : have + Number(length);
    if (source.bytes !== undefined && total !== source.bytes) {
      body.destroy();
      throw await wrongBytes(`${total} bytes instead of ${source.bytes}`);
    }
    const free = await (options.freeBytes ?? defaultFreeBytes)(dirname(destination));
    const needed = (total ?? 0) - have + spareBytes;
    if (free < needed) {
      body.destroy();
      throw new AbortError(
        new DownloadError(
          'no-space',
          `${dirname(destination)} has ${Math.floor(free / 2 ** 20)} MiB free and ${Math.ceil(needed / 2 ** 20)} MiB are needed.`,
          'Free some space, or set AUSCULT_MODELS to a directory on a larger disk, then run the command again.',
        ),
      );
    }
    const validator = header(headers, 'etag');
    // A weak validator does not promise the same bytes, so it cannot be resumed by.
    if (validator !== undefined && !validator.startsWith('W/')) await writeFile(note, validator);
    else await rm(note, { force: true });

    const sums = new Map(['sha1', 'sha256'].map((algorithm) => [algorithm, createHash(algorithm)] as const));
    const hash = (bytes: Buffer) => {
      for (const sum of sums.values()) sum.update(bytes);
    };
    if (have > 0) for await (const bytes of createReadStream(part)) hash(bytes as Buffer);
    const file = await open(part, have > 0 ? 'a' : 'w');
    let received = have;
    try {
      for await (const bytes of body as AsyncIterable<Buffer>) {
        await file.writeFile(bytes);
        hash(bytes);
        received += bytes.length;
        options.onProgress?.(received, total);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== undefined && received !== total) {
      throw new DownloadError(
        'cut',
        `${url.host} stopped in the middle of ${source.path}.`,
        'Run the command again.',
      );
    }
    return { bytes: received, sums: new Map([...sums].map(([name, sum]) => [name, sum.digest('hex')])) };
  };

  const describe = (error: unknown): Error => {
    if (error instanceof DownloadError || error instanceof AbortError) return error;
    const code = codeOf(error);
    if (!everAnswered && (unreachableCodes.test(code) || code.startsWith('UND_ERR_HEADERS'))) {
      return new AbortError(
        new DownloadError(
          'unreachable',
          `${url.host} cannot be reached from here (${code}).`,
          `Put the file into ${dirname(destination)} by hand (README, "Without the hub"), or set HF_ENDPOINT to a mirror, then run the command again.`,
        ),
      );
    }
    return new DownloadError(
      'cut',
      `The connection to ${url.host} broke in the middle of ${source.path} (${code || 'closed'}).`,
      'Run the command again; it goes on where it was cut.',
    );
  };

  try {
    const { bytes, sums } = await pRetry(() => attempt().catch((error) => Promise.reject(describe(error))), {
      retries: hub.retries ?? 5,
      minTimeout: hub.firstPauseMs ?? 500,
      maxTimeout: 8000,
    });
    const expected: PublishedHash | undefined =
      source.hash ?? (linkedEtag === undefined ? undefined : { algorithm: 'sha256', hex: linkedEtag });
    if (expected === undefined) {
      await discard();
      throw new DownloadError(
        'unverifiable',
        `No hash of ${source.path} is published and ${url.host} states none, so what arrived was deleted.`,
        'Check HF_ENDPOINT, then run the command again.',
      );
    }
    const found = sums.get(expected.algorithm);
    if (found !== expected.hex) throw await wrongBytes(`its ${expected.algorithm.toUpperCase()} is ${found}`);
    await rename(part, destination);
    await rm(note, { force: true });
    return { bytes, hash: expected, verifiedBy: source.hash ? 'published hash' : 'X-Linked-Etag' };
  } catch (error) {
    throw error instanceof AbortError ? error.originalError : error;
  } finally {
    await dispatcher.destroy();
  }
}
