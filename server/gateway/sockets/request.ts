/** What both adapters make of a request in the same way. */
import { STATUS_CODES } from 'node:http';
import { CodedError } from '../../../shared/errors.ts';
import type { HttpResponse } from '../socket.ts';

/** How long a stopping listener waits for answers under way. */
export const CLOSE_GRACE_MS = 2_000;

/** @returns undefined when the path is no valid percent-encoding. */
export function parseTarget(
  path: string,
  query: string,
): { path: string; query: URLSearchParams } | undefined {
  try {
    return { path: decodeURIComponent(path), query: new URLSearchParams(query) };
  } catch {
    return undefined;
  }
}

/** One spelling per address: IPv4 inside IPv6, short or written out, becomes IPv4. */
export function plainAddress(address: string): string {
  const short = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (short) return short[1]!;
  const long = /^(?:0000:){5}ffff:([0-9a-f]{2})([0-9a-f]{2}):([0-9a-f]{2})([0-9a-f]{2})$/i.exec(address);
  if (long)
    return long
      .slice(1)
      .map((byte) => Number.parseInt(byte, 16))
      .join('.');
  return address.replace(/^(?:0000:){7}0001$/, '::1');
}

export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
}

export const badRequest: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'text/plain' },
  body: 'Bad Request',
};
export const bareError: HttpResponse = {
  status: 500,
  headers: { 'content-type': 'text/plain' },
  body: 'Internal Server Error',
};

/** Header values come partly from requests: one that could end its line is a defect, and is never sent. */
export function safeHeaders(headers: Record<string, string>): [string, string][] {
  return Object.entries(headers).filter(
    ([name, value]) => /^[\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value),
  );
}

/** Collects a body up to a limit, whether or not anybody has asked for it yet. */
export function collectBody(maxBytes: number): {
  push(chunk: Uint8Array): void;
  end(): void;
  fail(): void;
  readonly tooBig: boolean;
  whole(): Promise<Uint8Array>;
} {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let tooBig = false;
  let resolve!: (body: Uint8Array) => void;
  let reject!: (error: CodedError) => void;
  const promise = new Promise<Uint8Array>((onBody, onError) => {
    resolve = onBody;
    reject = onError;
  });
  promise.catch(() => {});
  return {
    push(chunk) {
      length += chunk.length;
      if (length > maxBytes) {
        tooBig = true;
        chunks = [];
        reject(new CodedError('TOO_BIG'));
      } else if (!tooBig) chunks.push(chunk);
    },
    end: () => resolve(Buffer.concat(chunks)),
    fail: () => reject(new CodedError('BAD_MESSAGE')),
    get tooBig() {
      return tooBig;
    },
    whole: () => promise,
  };
}
