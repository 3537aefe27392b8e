/** Reads a directory in which every intermediate of the original diarization of one recording is recorded. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WindowAnalysis } from '../../server/diarization/diarizer.ts';
import { type NumpyArray, parseNpy, parseNpz, toFloat64 } from '../../server/diarization/npz.ts';

/** The windows as the networks left them: from `segmentations.npz` and `raw_embeddings.npz`, and from nothing else. */
export function readGoldenWindows(directory: string): WindowAnalysis[] {
  const segmentations = readArray(directory, 'segmentations.npz', 'segmentations', 3);
  const embeddings = readArray(directory, 'raw_embeddings.npz', 'embeddings', 3);
  const [windows, frames, speakers] = segmentations.shape as [number, number, number];
  const dimension = embeddings.shape[2]!;
  if (embeddings.shape[0] !== windows || embeddings.shape[1] !== speakers) {
    throw new Error(`The windows of segmentations.npz and raw_embeddings.npz in ${directory} are not the same.`);
  }
  const activity = Uint8Array.from(segmentations.data as Float32Array);
  const voices = Float32Array.from(embeddings.data as Float32Array);
  const [activitySize, voicesSize] = [frames * speakers, speakers * dimension];
  return Array.from({ length: windows }, (_, index) => ({
    index,
    activity: activity.subarray(index * activitySize, (index + 1) * activitySize),
    frames,
    speakers,
    embeddings: voices.subarray(index * voicesSize, (index + 1) * voicesSize),
  }));
}

/** One array of an .npz file, with so many dimensions. */
export function readArray(directory: string, file: string, name: string, dimensions: number): NumpyArray {
  const array = parse(directory, file, parseNpz).get(name);
  if (array?.shape.length !== dimensions) {
    throw new Error(`${join(directory, file)} has no array ${name} of ${dimensions} dimensions.`);
  }
  return array;
}

/** The numbers of an .npy file. */
export function readVector(directory: string, file: string): Float64Array {
  return toFloat64(parse(directory, file, parseNpy));
}

function parse<Parsed>(directory: string, file: string, read: (bytes: Uint8Array) => Parsed): Parsed {
  const path = join(directory, file);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Error(missing ? `${path} is missing.` : `${path} cannot be read.`, { cause });
  }
  try {
    return read(bytes);
  } catch (cause) {
    throw new Error(`${path} is not a file of numpy arrays.`, { cause });
  }
}
