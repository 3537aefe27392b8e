/** The PLDA of community-1 as it is published: `xvec_transform.npz` and `plda.npz` in one directory. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseNpz, toFloat64 } from './npz.ts';
import { createPlda, type Plda } from './plda.ts';

/** Undefined where neither file is there. Throws, naming the file, where one is missing or cannot be read. */
export async function loadPlda(directory: string): Promise<Plda | undefined> {
  const paths = ['xvec_transform.npz', 'plda.npz'].map((name) => join(directory, name));
  const [transform, plda] = await Promise.all(paths.map(readIfThere));
  if (transform === undefined && plda === undefined) return undefined;
  const arrayOf = arrayReader(paths[0]!, transform);
  const pldaArrayOf = arrayReader(paths[1]!, plda);
  const vector = (read: typeof arrayOf, name: string) => toFloat64(read(name, 1));
  const matrix = (read: typeof arrayOf, name: string) => {
    const array = read(name, 2);
    return { rows: array.shape[0]!, columns: array.shape[1]!, data: toFloat64(array) };
  };
  return createPlda({
    mean1: vector(arrayOf, 'mean1'),
    mean2: vector(arrayOf, 'mean2'),
    lda: matrix(arrayOf, 'lda'),
    mu: vector(pldaArrayOf, 'mu'),
    tr: matrix(pldaArrayOf, 'tr'),
    psi: vector(pldaArrayOf, 'psi'),
  });
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function arrayReader(path: string, bytes: Uint8Array | undefined) {
  if (bytes === undefined) throw new Error(`${path} is missing.`);
  let arrays: ReturnType<typeof parseNpz>;
  try {
    arrays = parseNpz(bytes);
  } catch (cause) {
    throw new Error(`${path} is not a file of numpy arrays.`, { cause });
  }
  return (name: string, dimensions: number) => {
    const array = arrays.get(name);
    if (array?.shape.length !== dimensions)
      throw new Error(`${path} has no array ${name} of ${dimensions} dimensions.`);
    return array;
  };
}
