/** Reads numpy's files: `.npy`, one array, and `.npz`, a ZIP of them. */
import { unzipSync } from 'fflate';

export type NumpyValues =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

export interface NumpyArray {
  readonly shape: number[];
  /** Row by row, whatever the order in the file. Booleans are 0 and 1. */
  readonly data: NumpyValues;
}

const readers: Record<string, { size: number; read: (bytes: ArrayBuffer) => NumpyValues }> = {
  f8: { size: 8, read: (bytes) => new Float64Array(bytes) },
  f4: { size: 4, read: (bytes) => new Float32Array(bytes) },
  i8: { size: 8, read: (bytes) => new BigInt64Array(bytes) },
  i4: { size: 4, read: (bytes) => new Int32Array(bytes) },
  i2: { size: 2, read: (bytes) => new Int16Array(bytes) },
  i1: { size: 1, read: (bytes) => new Int8Array(bytes) },
  u1: { size: 1, read: (bytes) => new Uint8Array(bytes) },
  b1: { size: 1, read: (bytes) => new Uint8Array(bytes) },
};

/** Throws where the bytes are no `.npy` or hold a type that is not numeric and little-endian. */
export function parseNpy(bytes: Uint8Array): NumpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = '\u0093NUMPY';
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== magic)
    throw new Error('This is no .npy file.');
  const version = bytes[6]!;
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const type = /'descr':\s*'[<|=]([a-z]\d+)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const dimensions = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
  const reader = type === undefined ? undefined : readers[type];
  if (reader === undefined || order === undefined || dimensions === undefined) {
    throw new Error('The .npy file holds an array of a type that is not read here.');
  }
  const shape = dimensions
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const length = shape.reduce((product, size) => product * size, 1);
  if (bytes.length < end + length * reader.size) throw new Error('The .npy file is cut off.');
  // A copy: the values need not be aligned within the file.
  const data = reader.read(new Uint8Array(bytes.subarray(end, end + length * reader.size)).buffer);
  return { shape, data: order === 'True' ? toRowMajor(data, shape) : data };
}

/** The arrays by name. Throws where the bytes are no ZIP. */
export function parseNpz(bytes: Uint8Array): Map<string, NumpyArray> {
  const arrays = new Map<string, NumpyArray>();
  for (const [name, content] of Object.entries(unzipSync(bytes))) {
    if (name.endsWith('.npy')) arrays.set(name.slice(0, -4), parseNpy(content));
  }
  return arrays;
}

export function toFloat64({ data }: NumpyArray): Float64Array {
  return data instanceof Float64Array ? data : Float64Array.from(data as ArrayLike<number>, Number);
}

function toRowMajor(data: NumpyValues, shape: readonly number[]): NumpyValues {
  const result = data.slice();
  const position = shape.map(() => 0);
  for (let source = 0; source < data.length; source += 1) {
    const target = position.reduce((index, at, axis) => index * shape[axis]! + at, 0);
    result[target] = data[source]!;
    // In the file the first index runs fastest.
    for (let axis = 0; axis < shape.length; axis += 1) {
      position[axis]! += 1;
      if (position[axis]! < shape[axis]!) break;
      position[axis] = 0;
    }
  }
  return result;
}
