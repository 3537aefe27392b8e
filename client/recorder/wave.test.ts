import t from 'tap';
import { chooseFormat } from './format.ts';
import { createCutter, encodeWave } from './wave.ts';

t.test('the header says what follows', async (t) => {
  const bytes = encodeWave(Float32Array.of(0, 1, -1, 2), 16_000);
  const view = new DataView(bytes.buffer);
  t.equal(bytes.length, 52);
  t.equal(new TextDecoder().decode(bytes.subarray(0, 4)), 'RIFF');
  t.equal(view.getUint32(4, true), 44);
  t.equal(view.getUint32(24, true), 16_000);
  t.equal(view.getUint32(40, true), 8);
  t.same(
    [0, 1, 2, 3].map((index) => view.getInt16(44 + index * 2, true)),
    [0, 32_767, -32_767, 32_767],
  );
});

t.test('every sample is in exactly one piece, the last partial one included', async (t) => {
  const seed = Date.now() % 100_000;
  t.comment(`seed ${seed}`);
  let random = seed;
  const cutter = createCutter(100);
  const pieces: Float32Array[] = [];
  let next = 0;
  for (let block = 0; block < 50; block += 1) {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648;
    const samples = Float32Array.from({ length: random % 300 }, () => next++);
    pieces.push(...cutter.push(samples));
  }
  t.ok(pieces.every(({ length }) => length === 100));
  const joined = [...pieces, cutter.flush()].flatMap((piece) => [...piece]);
  t.same(
    joined,
    Array.from({ length: next }, (_, index) => index),
  );
  t.equal(cutter.flush().length, 0);
});

t.test('the format is the first that the browser has, and WAV where it has none', async (t) => {
  const only = (part: string) => chooseFormat((mime) => mime.includes(part));
  t.same(
    chooseFormat(() => true),
    { kind: 'encoded', mime: 'audio/webm;codecs=opus' },
  );
  t.same(only('ogg'), { kind: 'encoded', mime: 'audio/ogg;codecs=opus' });
  t.same(only('mp4a'), { kind: 'encoded', mime: 'audio/mp4;codecs=mp4a.40.2' });
  t.same(only('flac'), { kind: 'wave', mime: 'audio/wav' });
  t.same(chooseFormat(undefined), { kind: 'wave', mime: 'audio/wav' });
});
