/**
 * `server.json` in the data directory says where the running server is, for the tools on this machine. The file may
 * outlive a server that was killed; whether one runs is told by the writer's lock alone.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const ServerFile = z.object({
  /** Such as `http://127.0.0.1:8080`; reachable from this machine. */
  address: z.url(),
  pid: z.number().int(),
});
export type ServerFile = z.infer<typeof ServerFile>;

const pathIn = (directory: string) => join(directory, 'server.json');

export function writeServerFile(directory: string, file: ServerFile): void {
  const path = pathIn(directory);
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, `${JSON.stringify(file)}\n`, { mode: 0o600 });
  renameSync(partial, path);
}

export function removeServerFile(directory: string): void {
  rmSync(pathIn(directory), { force: true });
}

/** Undefined when there is none, or none that can be understood. */
export function readServerFile(directory: string): ServerFile | undefined {
  try {
    return ServerFile.parse(JSON.parse(readFileSync(pathIn(directory), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Where a program on this machine reaches a server that listens on `host`. */
export function localAddress({
  host,
  port,
  secure,
}: {
  host: string;
  port: number;
  secure: boolean;
}): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `${secure ? 'https' : 'http'}://${name}:${port}`;
}
