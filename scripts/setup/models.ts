/** The model files that are wanted, verified, in their directory; what is missing comes from the hub. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile, PublishedHash } from '../../server/model-table.ts';
import { withLock } from '../bootstrap/lock.mjs';
import { DownloadError, type Downloaded, type DownloadOptions, download, type Hub } from './download.ts';

export type ModelState =
  | { readonly state: 'verified'; readonly by: Downloaded['verifiedBy'] }
  | { readonly state: 'absent' }
  | { readonly state: 'wrong'; readonly why: string };

/** Stands beside a model: what was verified, so that a gigabyte is hashed once and not at every start. */
interface Note {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly hash: PublishedHash;
  readonly verifiedBy: Downloaded['verifiedBy'];
}

const notePath = (path: string) => `${path}.verified.json`;

async function writeNote(path: string, hash: PublishedHash, verifiedBy: Downloaded['verifiedBy']) {
  const { size, mtimeMs } = await stat(path);
  const note: Note = { bytes: size, modifiedMs: mtimeMs, hash, verifiedBy };
  await writeFile(notePath(path), `${JSON.stringify(note, null, 2)}\n`);
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    return JSON.parse(await readFile(notePath(path), 'utf8')) as Note;
  } catch {
    return undefined;
  }
}

async function digest(path: string, algorithm: PublishedHash['algorithm']): Promise<string> {
  const sum = createHash(algorithm);
  for await (const bytes of createReadStream(path)) sum.update(bytes as Buffer);
  return sum.digest('hex');
}

/**
 * Whether the file in `directory` is a published one. A file put there by hand counts as much as a downloaded
 * one: its bytes decide. `afresh` hashes it even where an earlier verification is noted.
 */
export async function inspectModel(
  model: ModelFile,
  directory: string,
  { afresh = false } = {},
): Promise<ModelState> {
  const path = join(directory, model.file);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return { state: 'absent' };
  const note = await readNote(path);
  const noteHolds = note !== undefined && note.bytes === found.size && note.modifiedMs === found.mtimeMs;
  if (noteHolds && !afresh) return { state: 'verified', by: note.verifiedBy };
  for (const { hash, bytes } of model.sources) {
    if (hash === undefined || (bytes !== undefined && bytes !== found.size)) continue;
    if ((await digest(path, hash.algorithm)) !== hash.hex) continue;
    await writeNote(path, hash, 'published hash').catch(() => undefined);
    return { state: 'verified', by: 'published hash' };
  }
  if (noteHolds && note.verifiedBy === 'X-Linked-Etag') {
    if ((await digest(path, note.hash.algorithm)) === note.hash.hex) {
      return { state: 'verified', by: note.verifiedBy };
    }
  }
  return { state: 'wrong', why: `${found.size} bytes whose hash is not the published one` };
}

export interface EnsureModelsOptions extends Pick<DownloadOptions, 'freeBytes'> {
  readonly models: readonly ModelFile[];
  readonly directory: string;
  readonly hub: Hub;
  readonly say: (line: string) => void;
  readonly onProgress?: (model: ModelFile, received: number, total: number | undefined) => void;
}

export interface MissingModel {
  readonly model: ModelFile;
  /** One sentence each. */
  readonly why: string;
  readonly remedy: string;
}

async function fetchFromAnySource(model: ModelFile, options: EnsureModelsOptions): Promise<Downloaded> {
  let failure: unknown;
  for (const source of model.sources) {
    try {
      return await download({
        hub: options.hub,
        source,
        destination: join(options.directory, model.file),
        onProgress: (received, total) => options.onProgress?.(model, received, total),
        ...(options.freeBytes ? { freeBytes: options.freeBytes } : {}),
      });
    } catch (error) {
      failure ??= error;
      const elsewhere =
        error instanceof DownloadError && (error.problem === 'not-found' || error.problem === 'refused');
      if (!elsewhere) throw error;
    }
  }
  throw failure;
}

/**
 * Downloads what is absent. Never throws for a model that cannot be had: it is in the answer, with its remedy.
 * Once the hub turns out to be unreachable it is not asked again.
 */
export async function ensureModels(options: EnsureModelsOptions): Promise<readonly MissingModel[]> {
  const { directory, models, say } = options;
  const problemOf = (error: unknown) => {
    if (error instanceof DownloadError) return { why: error.message, remedy: error.remedy };
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      why: `${directory} cannot be written (${code ?? message}).`,
      remedy: 'Set AUSCULT_MODELS to a directory that can be written, then run the command again.',
    };
  };
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    return models.map((model) => ({ model, ...problemOf(error) }));
  }
  return await withLock(
    join(directory, '.lock'),
    (owner) => say(`Process ${owner} is downloading models; waiting for it.`),
    async () => {
      const missing: MissingModel[] = [];
      let unreachable: DownloadError | undefined;
      for (const model of models) {
        const found = await inspectModel(model, directory);
        if (found.state === 'verified') continue;
        if (found.state === 'wrong') {
          missing.push({
            model,
            why: `${join(directory, model.file)} is not the published file (${found.why}).`,
            remedy: 'Delete it and run the command again.',
          });
          continue;
        }
        try {
          if (unreachable !== undefined) throw unreachable;
          say(`Downloading ${model.file}, ${model.purpose}, ${Math.round(model.about / 2 ** 20)} MiB.`);
          const { hash, verifiedBy } = await fetchFromAnySource(model, options);
          await writeNote(join(directory, model.file), hash, verifiedBy);
        } catch (error) {
          if (error instanceof DownloadError && error.problem === 'unreachable') unreachable = error;
          missing.push({ model, ...problemOf(error) });
        }
      }
      return missing;
    },
  );
}
