/** Disk, port, clock, master key, models. */

import { mkdir, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import type { ModelFile } from '../../server/model-table.ts';
import { inspectModel } from '../setup/models.ts';
import { type Check, type Finding, fine, lacking } from './check.ts';

/** `file`: the model's bytes are read and hashed afresh, whatever was noted before. */
export const checkModels =
  (models: readonly { model: ModelFile; optional: boolean }[], directory: string): Check =>
  async () => {
    const findings: Finding[] = [];
    for (const { model, optional } of models) {
      const name = model.file;
      const found = await inspectModel(model, directory, { afresh: true });
      if (found.state === 'verified')
        findings.push(fine(name, `${model.purpose}, ${found.by} fits`, optional));
      else if (found.state === 'absent') {
        const remedy = `Run \`npm start\` where the hub can be reached, or put the file into ${directory}.`;
        findings.push(lacking(name, `${model.purpose}, not there`, remedy, optional));
      } else
        findings.push(
          lacking(name, found.why, `Delete it from ${directory} and run \`npm start\`.`, optional),
        );
    }
    return findings;
  };

const gibibyte = 2 ** 30;

/** A consultation of an hour takes about 15 MB as Opus and 350 MB as WAV slices. */
export const checkDisk =
  (directory: string, freeBytes = freeBytesOf): Check =>
  async () => {
    const free = await freeBytes(directory);
    const found = `${(free / gibibyte).toFixed(1)} GiB free for ${directory}`;
    return free >= gibibyte
      ? fine('disk', found)
      : lacking('disk', found, 'Free at least 1 GiB or set AUSCULT_DATA to a larger disk.');
  };

async function freeBytesOf(directory: string): Promise<number> {
  for (let at = directory; ; at = dirname(at)) {
    const { bavail, bsize } = await statfs(at).catch(() => ({ bavail: undefined, bsize: 0 }));
    if (bavail !== undefined) return bavail * bsize;
    if (at === dirname(at)) throw new Error(`There is no file system for ${directory}.`);
  }
}

export const checkWritable =
  (directory: string): Check =>
  async () => {
    try {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return fine('data', directory);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return lacking(
        'data',
        `${directory} cannot be made (${code})`,
        'Set AUSCULT_DATA to a directory of yours.',
      );
    }
  };

export const checkPort =
  (host: string, port: number): Check =>
  () =>
    new Promise((resolve) => {
      const server = createServer();
      const name = 'port';
      server.once('error', ({ code }: NodeJS.ErrnoException) => {
        const remedy =
          code === 'EADDRINUSE'
            ? 'Stop what listens there (Auscult itself, perhaps) or set AUSCULT_PORT.'
            : 'Set AUSCULT_HOST and AUSCULT_PORT to an address of this machine that you may listen on.';
        resolve(lacking(name, `${host}:${port} cannot be had (${code})`, remedy));
      });
      server.listen(port, host, () => {
        server.close(() => resolve(fine(name, `${host}:${port} is free`)));
      });
    });

/** The key is made on first start; one that others can read protects nothing. */
export const checkMasterKey =
  (file: string): Check =>
  async () => {
    const name = 'master key';
    const found = await stat(file).catch((error: NodeJS.ErrnoException) => error);
    if (found instanceof Error) {
      return found.code === 'ENOENT'
        ? fine(name, `none yet; the first start makes ${file}`)
        : lacking(name, `${file} cannot be read (${found.code})`, 'Give it to the user who runs Auscult.');
    }
    const open = process.platform !== 'win32' && (found.mode & 0o077) !== 0;
    return open
      ? lacking(
          name,
          `${file} can be read by others (${(found.mode & 0o777).toString(8)})`,
          `Run \`chmod 600 ${file}\`.`,
        )
      : fine(name, file);
  };

/** Tokens expire and events are dated by this clock; before this program was written it was certainly wrong. */
export const checkClock =
  (now: number, newestKnown: number): Check =>
  async () => {
    const found = new Date(now).toISOString();
    return now >= newestKnown
      ? fine('clock', found)
      : lacking('clock', `${found} lies in the past`, 'Set the clock, by NTP for instance.');
  };
