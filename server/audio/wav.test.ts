import t from 'tap';
import { concatBytes, concatSamples, energyDb, fromBytes, toBytes, toFloat32, toInt16 } from './pcm.ts';
import { outcome } from './stream-decoder-contract.ts';
import { tone, wavFile } from './test-audio.ts';
import { parseWav, wavHeader } from './wav.ts';
import { createWavDecoder } from './wav-decoder.ts';

/** A header of any kind: `fmt ` as stated, a chunk of no interest before the samples. */
function header(
  format: number,
  bits: number,
  channels: number,
  dataBytes: number,
  sampleRate = 16_000,
): Uint8Array {
  const extensible = format === 0xfffe;
  const fmt = Buffer.alloc(extensible ? 40 : 16);
  fmt.writeUInt16LE(format, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(sampleRate, 4);
  fmt.writeUInt16LE(bits, 14);
  if (extensible) fmt.writeUInt16LE(1, 24);
  const size = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  return Buffer.concat([
    ...[Buffer.from('RIFF'), size(0), Buffer.from('WAVEfmt '), size(fmt.length), fmt],
    ...[Buffer.from('LIST'), size(3), Buffer.from('abc\0'), Buffer.from('data'), size(dataBytes)],
  ]);
}

t.test('every width and any channels become 16-bit mono', async (t) => {
  const bytes = (length: number, write: (buffer: Buffer) => void) => {
    const buffer = Buffer.alloc(length);
    write(buffer);
    return buffer;
  };
  const cases: [string, number, number, number, Buffer, number[]][] = [
    ['8 bit', 1, 8, 1, Buffer.from([128, 255, 0]), [0, 32_512, -32_768]],
    ['16 bit stereo', 1, 16, 2, bytes(4, (b) => b.writeInt16LE(3000, b.writeInt16LE(1000))), [2000]],
    [
      '24 bit',
      1,
      24,
      1,
      bytes(6, (b) => b.writeIntLE(256 * 5, b.writeIntLE(-8_388_608, 0, 3), 3)),
      [-32_768, 5],
    ],
    ['32 bit', 1, 32, 1, bytes(4, (b) => b.writeInt32LE(-65_536 * 7, 0)), [-7]],
    [
      'float',
      3,
      32,
      1,
      bytes(12, (b) => b.writeFloatLE(Number.NaN, b.writeFloatLE(9, b.writeFloatLE(0.5)))),
      [16_384, 32_767, 0],
    ],
    ['extensible', 0xfffe, 16, 1, bytes(2, (b) => b.writeInt16LE(-2, 0)), [-2]],
  ];
  for (const [name, format, bits, channels, data, expected] of cases) {
    const trailing = Buffer.from('LISTjunk');
    for (const stated of [data.length, 0, 0xffff_ffff]) {
      const file = Buffer.concat([
        header(format, bits, channels, stated),
        data,
        ...(stated === data.length ? [trailing] : []),
      ]);
      t.same([...(await createWavDecoder().push(file))], expected, `${name}, stated as ${stated} bytes`);
    }
  }
});

t.test('[I5] formats that are not PCM are refused', async (t) => {
  for (const file of [header(2, 4, 1, 8), header(1, 16, 0, 8), header(3, 64, 1, 8), header(1, 12, 1, 8)]) {
    const decoder = createWavDecoder();
    t.equal(await outcome(decoder.push(file)), 'DECODE_DEGRADED');
    t.equal(await outcome(decoder.push(new Uint8Array(100))), 'DECODE_DEGRADED');
  }
});

t.test('a header states the length, up to 4 GiB', async (t) => {
  const format = { encoding: 'integer', bits: 16, channels: 1, sampleRate: 16_000 };
  t.match(parseWav(wavHeader(5)), { ...format, dataAt: 44, dataBytes: 10 });
  t.equal(wavHeader(2_147_483_629).length, 44);
  t.throws(() => wavHeader(2_147_483_630), RangeError);
  t.throws(() => wavHeader(-1), RangeError);
  t.throws(() => wavHeader(0.5), RangeError);
  t.equal(parseWav(wavFile(tone(0.1)).subarray(0, 40)), undefined);
});

t.test('samples to bytes and back, to fractions, to decibels', async (t) => {
  const samples = Int16Array.of(0, 1, -1, 32_767, -32_768);
  t.same([...toBytes(samples)], [0, 0, 1, 0, 255, 255, 255, 127, 0, 128]);
  t.same(fromBytes(toBytes(samples)), samples);
  t.same(fromBytes(concatBytes(toBytes(samples), Uint8Array.of(7))), samples);
  t.same([...toFloat32(Int16Array.of(16_384, -32_768))], [0.5, -1]);
  t.same([toInt16(2), toInt16(-2), toInt16(Number.NaN)], [32_767, -32_768, 0]);
  t.same(concatSamples([samples.subarray(0, 2), samples.subarray(2)]), samples);
  t.equal(energyDb(new Int16Array(9)), Number.NEGATIVE_INFINITY);
  t.equal(energyDb(new Int16Array()), Number.NEGATIVE_INFINITY);
  t.equal(Math.round(energyDb(new Int16Array(100).fill(3277))), -20);
});
