import { zipSync } from 'fflate';
import t from 'tap';
import { parseNpy, parseNpz, toFloat64 } from './npz.ts';

function npy(descr: string, order: boolean, shape: string, values: ArrayBufferView): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${order ? 'True' : 'False'}, 'shape': (${shape}), }`;
  const padded = new TextEncoder().encode(`${header.padEnd(117)}\n`);
  const start = Uint8Array.of(
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  );
  const body = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([start, padded, body]);
}

t.test('every type that is read', async (t) => {
  const table: [string, ArrayBufferView][] = [
    ['<f8', Float64Array.of(1, 2)],
    ['<f4', Float32Array.of(1, 2)],
    ['<i8', BigInt64Array.of(1n, 2n)],
    ['<i4', Int32Array.of(1, 2)],
    ['<i2', Int16Array.of(1, 2)],
    ['|i1', Int8Array.of(1, 2)],
    ['|u1', Uint8Array.of(1, 2)],
    ['|b1', Uint8Array.of(1, 2)],
  ];
  for (const [descr, values] of table)
    t.same(toFloat64(parseNpy(npy(descr, false, '2,', values))), [1, 2], descr);
});

t.test('column order is turned into row order', async (t) => {
  const array = parseNpy(npy('<i4', true, '2, 3', Int32Array.of(1, 4, 2, 5, 3, 6)));
  t.same(array.shape, [2, 3]);
  t.same(Array.from(array.data as Int32Array), [1, 2, 3, 4, 5, 6]);
});

t.test('one number has no dimensions', async (t) => {
  t.same(parseNpy(npy('<f8', false, '', Float64Array.of(0.6))), { shape: [], data: Float64Array.of(0.6) });
});

t.test('arrays come out of a ZIP by name', async (t) => {
  const zip = zipSync({
    'a.npy': npy('<f4', false, '1,', Float32Array.of(7)),
    'notes.txt': Uint8Array.of(1),
  });
  t.same([...parseNpz(zip).keys()], ['a']);
});

t.test('what is no numpy file is refused', async (t) => {
  const whole = npy('<f8', false, '2,', Float64Array.of(1, 2));
  t.throws(() => parseNpy(new Uint8Array(20)), { message: 'This is no .npy file.' });
  t.throws(() => parseNpy(whole.subarray(0, whole.length - 1)), { message: 'The .npy file is cut off.' });
  t.throws(() => parseNpy(npy('>f8', false, '1,', Float64Array.of(1))), /type/);
  t.throws(() => parseNpy(npy('<c16', false, '1,', Float64Array.of(1, 2))), /type/);
  t.throws(() => parseNpz(Uint8Array.of(1, 2, 3)));
});
