/**
 * The inner loop of the matrix product as WebAssembly: two double-precision numbers at a time, which JavaScript cannot
 * do. The module is put together here, instruction by instruction; names are those of the WebAssembly text format.
 */

/** Rows of each operand that one call takes: nine sums, which with their operands fit into registers. */
export const TILE = 3;

export interface Kernel {
  /**
   * Inner products of `TILE` rows at byte `x` with `TILE` rows at byte `y`, both `depth` bytes long (a multiple of 16),
   * as `TILE` rows of `TILE` numbers at byte `out`, whose rows are `stride` bytes apart.
   */
  tile(x: number, y: number, depth: number, out: number, stride: number): void;
}

const PAGE = 65536;
let compiled: WebAssembly.Module | undefined;

/** Small products share a memory: to be given a new one for each takes longer than they do. */
const SHARED = 4 * 2 ** 20;
let shared: KernelMemory | undefined;

export interface KernelMemory {
  readonly kernel: Kernel;
  readonly memory: Float64Array;
}

/** A kernel and at least so many bytes, which may hold anything; they are the caller's until the next call. */
export function kernelWith(bytes: number): KernelMemory {
  if (bytes > SHARED) return createKernel(bytes);
  shared ??= createKernel(SHARED);
  return shared;
}

function createKernel(bytes: number): KernelMemory {
  compiled ??= new WebAssembly.Module(assemble());
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  const { exports } = new WebAssembly.Instance(compiled, { matrix: { memory } });
  return { kernel: exports as unknown as Kernel, memory: new Float64Array(memory.buffer) };
}

const I32 = 0x7f;
const V128 = 0x7b;
const [END, LOOP, BR_IF, EMPTY] = [0x0b, 0x03, 0x0d, 0x40];
const I32_ADD = 0x6a;
const I32_LT_U = 0x49;
const F64_ADD = 0xa0;
const F64X2_ADD = [0xfd, 0xf0, 0x01];
const F64X2_MUL = [0xfd, 0xf2, 0x01];
const V128_LOAD = [0xfd, 0x00, 0x03, 0x00];
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
const constant = (value: number) => [0x41, value];
const laneOf = (local: number, lane: number) => [...get(local), 0xfd, 0x21, lane];
const storeAt = (offset: number) => [0x39, 0x03, offset];

function assemble(): Uint8Array<ArrayBuffer> {
  const [x, y, depth, out, stride] = [0, 1, 2, 3, 4];
  const position = 5;
  const xRows = [x, 6, 7];
  const yRows = [y, 8, 9];
  const sum = (i: number, j: number) => 10 + i * TILE + j;
  const fromX = 10 + TILE * TILE;
  const fromY = [0, 1, 2].map((j) => fromX + 1 + j);
  const tiles = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => [i, j] as const));
  const addTo = (target: number, base: number, offset: number) => [
    ...get(base),
    ...get(offset),
    I32_ADD,
    ...set(target),
  ];
  const loadFrom = (row: number, into: number) => [
    ...get(row),
    ...get(position),
    I32_ADD,
    ...V128_LOAD,
    ...set(into),
  ];

  const code = [
    ...[1, 2].flatMap((row) => addTo(xRows[row]!, xRows[row - 1]!, depth)),
    ...[1, 2].flatMap((row) => addTo(yRows[row]!, yRows[row - 1]!, depth)),
    ...[LOOP, EMPTY],
    ...[0, 1, 2].flatMap((j) => loadFrom(yRows[j]!, fromY[j]!)),
    ...[0, 1, 2].flatMap((i) => [
      ...loadFrom(xRows[i]!, fromX),
      ...[0, 1, 2].flatMap((j) => [
        ...[...get(sum(i, j)), ...get(fromX), ...get(fromY[j]!)],
        ...[...F64X2_MUL, ...F64X2_ADD, ...set(sum(i, j))],
      ]),
    ]),
    ...[...get(position), ...constant(16), I32_ADD, ...set(position)],
    ...[...get(position), ...get(depth), I32_LT_U, BR_IF, 0, END],
    ...tiles.flatMap(([i, j]) => [
      ...(i > 0 && j === 0 ? addTo(out, out, stride) : []),
      ...[...get(out), ...laneOf(sum(i, j), 0), ...laneOf(sum(i, j), 1), F64_ADD, ...storeAt(8 * j)],
    ]),
    END,
  ];
  const locals = [2, 5, I32, TILE * TILE + 1 + TILE, V128];
  const text = (name: string) => [name.length, ...new TextEncoder().encode(name)];
  const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content];
  const body = [...locals, ...code];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(2, [1, ...text('matrix'), ...text('memory'), 0x02, 0x00, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...text('tile'), 0x00, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}
