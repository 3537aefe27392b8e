/**
 * A copy of a speech model with weights of eight bits. Its recognition is practically that of the half-precision
 * original (the same quantisation is published as `ggml-*-q8_0.bin`), and it halves the memory that each token has to
 * read and the encoder's time on processors with 8-bit matrix instructions.
 */
import { execFile } from 'node:child_process';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildPlace, isExecutable } from './find-whisper-server.ts';

const run = promisify(execFile);

export const quantiserName = process.platform === 'win32' ? 'whisper-quantize.exe' : 'whisper-quantize';

/** The first four bytes of every ggml speech model, as a little-endian number. */
export const GGML_MAGIC = 0x67676d6c;
/** Where the file type stands in a ggml speech model: after the magic number and ten dimensions. */
const FILE_TYPE_OFFSET = 11 * 4;
const HALF_PRECISION = 1;

/**
 * The quantiser of the build that `binary` comes from. None for a binary of the user's own: compilers before GCC 13
 * drop half of the tile configuration that its 8-bit matrix products need, and such a binary crashes.
 */
export async function findQuantiser(
  binary: string | undefined,
  cacheDirectory: string,
): Promise<string | undefined> {
  if (binary === undefined) return undefined;
  const { directory } = await buildPlace(cacheDirectory);
  const quantiser = path.join(directory, quantiserName);
  return path.dirname(path.resolve(binary)) === path.resolve(directory) && (await isExecutable(quantiser))
    ? quantiser
    : undefined;
}

/**
 * The path of the 8-bit copy, made where it is missing; `modelPath` itself where it cannot be made or is not in half
 * precision. A model that was replaced gets a new copy. `onMaking` is told before the work, a minute for a large model.
 */
export async function quantisedModel(
  modelPath: string,
  quantiser: string,
  onMaking: () => void = () => {},
): Promise<string> {
  try {
    if (!(await isHalfPrecision(modelPath))) return modelPath;
    const { size, mtimeMs } = await stat(modelPath);
    const directory = path.join(path.dirname(quantiser), 'models', `${size}-${Math.round(mtimeMs)}`);
    const copy = path.join(directory, `${path.basename(modelPath, '.bin')}-q8_0.bin`);
    if (await exists(copy)) return copy;
    onMaking();
    await mkdir(directory, { recursive: true });
    const unfinished = `${copy}.${process.pid}`;
    try {
      await run(quantiser, [modelPath, unfinished, 'q8_0']);
      await rename(unfinished, copy);
    } finally {
      await rm(unfinished, { force: true });
    }
    return copy;
  } catch {
    // A full disk, or a file that is no model, which the worker will tell.
    return modelPath;
  }
}

async function isHalfPrecision(modelPath: string): Promise<boolean> {
  const file = await open(modelPath);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(48), 0, 48, 0);
    return (
      bytesRead === 48 &&
      buffer.readUInt32LE(0) === GGML_MAGIC &&
      buffer.readInt32LE(FILE_TYPE_OFFSET) === HALF_PRECISION
    );
  } finally {
    await file.close();
  }
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
