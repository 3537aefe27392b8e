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

/** Stops and goes on with reading the body from the client. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export interface Body {
  push(chunk: Uint8Array): void;
  end(): void;
  fail(): void;
  whole(maxBytes?: number): Promise<Uint8Array>;
  /** The request is being answered: nothing more is kept. @returns whether some of the body was never taken. */
  leave(): boolean;
}

/**
 * Collects a body, whether or not anybody has asked for it yet: up to `maxBytes`, where it waits until somebody asks
 * for more. So the limit of a larger body can depend on who sends it.
 */
export function collectBody(maxBytes: number, flow: Flow): Body {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let limit = maxBytes;
  let complete = false;
  let state: 'open' | 'asked' | 'held' | 'refused' | 'left' = 'open';
  let resolve!: (body: Uint8Array) => void;
  let reject!: (error: CodedError) => void;
  const promise = new Promise<Uint8Array>((onBody, onError) => {
    resolve = onBody;
    reject = onError;
  });
  promise.catch(() => {});

  function refuse(): void {
    if (state === 'held') flow.resume();
    state = 'refused';
    chunks = [];
    reject(new CodedError('TOO_BIG'));
  }

  return {
    push(chunk) {
      if (state === 'refused' || state === 'left') return;
      chunks.push(chunk);
      length += chunk.length;
      if (length <= limit) return;
      if (state === 'asked') refuse();
      else if (state === 'open') {
        state = 'held';
        flow.pause();
      }
    },
    end() {
      complete = true;
      if (state === 'asked') resolve(Buffer.concat(chunks));
    },
    fail() {
      state = 'left';
      reject(new CodedError('BAD_MESSAGE'));
    },
    whole(most = maxBytes) {
      if (state === 'left') return promise;
      limit = most;
      if (length > limit) refuse();
      else {
        if (state === 'held') flow.resume();
        state = 'asked';
        if (complete) resolve(Buffer.concat(chunks));
      }
      return promise;
    },
    leave() {
      const untaken = state === 'refused' || state === 'held';
      if (state === 'held') flow.resume();
      state = 'left';
      chunks = [];
      return untaken;
    },
  };
}
