/** The page: public files of one directory, nothing outside it. */
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { CodedError } from '../../../shared/errors.ts';
import type { HttpResponse } from '../socket.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** Vite puts the content's hash into the names of what lies under `assets/`. */
const isHashed = (name: string) => /^\/assets\/.+-[\w-]{8,}\.\w+$/.test(name);

/** @throws CodedError NOT_FOUND */
export async function staticFile(directory: string, requested: string): Promise<HttpResponse> {
  const name = requested === '/' ? '/index.html' : requested;
  const type = types[path.extname(name)];
  const segments = name.split('/').slice(1);
  // Hidden files and every way up are refused by one rule.
  if (
    type === undefined ||
    segments.some((part) => part === '' || part.startsWith('.') || /[\\\0]/.test(part))
  ) {
    throw new CodedError('NOT_FOUND');
  }
  try {
    const root = await realpath(directory);
    const file = await realpath(path.join(root, ...segments));
    if (!file.startsWith(root + path.sep)) throw new Error('a link leads out of the directory');
    const caching = isHashed(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
    return {
      status: 200,
      headers: { 'content-type': type, 'cache-control': caching },
      body: await readFile(file),
    };
  } catch (cause) {
    throw new CodedError('NOT_FOUND', { cause });
  }
}
