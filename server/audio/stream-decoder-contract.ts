/** What every decoder holds to, whatever the container: run on each adapter by stream-decoder.test.ts. */
import type { Test } from 'tap';
import { CodedError } from '../../shared/errors.ts';
import { concatSamples, toBytes } from './pcm.ts';
import type { CreateStreamDecoder, StreamDecoder } from './stream-decoder.ts';
import { correlation, cut, seededRandom } from './test-audio.ts';

export interface Subject {
  create: CreateStreamDecoder;
  mime: string;
  file: Uint8Array;
  /** What is in the file. */
  samples: Int16Array;
  /** Samples by which a decoding may be longer or shorter. */
  tolerance: number;
  /** The least correlation with the original. */
  likeness: number;
  /** Mean bytes of a piece: a process per stream wants larger ones. */
  pieceBytes: number;
}

export async function decodeAll(decoder: StreamDecoder, pieces: readonly Uint8Array[]): Promise<Int16Array> {
  const parts: Int16Array[] = [];
  for (const piece of pieces) parts.push(await decoder.push(piece));
  parts.push(await decoder.end());
  return concatSamples(parts);
}

/** The samples, or the code with which they were refused. */
export async function outcome(work: Promise<Int16Array>): Promise<Int16Array | string> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
}

function isSame(a: Int16Array, b: Int16Array): boolean {
  return Buffer.from(toBytes(a).buffer).equals(toBytes(b));
}

export async function streamDecoderContract(t: Test, subject: Subject, seed: number): Promise<void> {
  const { create, mime, file, samples } = subject;
  t.comment(`seed ${seed}`);
  const whole = await decodeAll(create(mime), [file]);

  t.test('the samples are those of the original, from the first to the last', async (t) => {
    t.ok(
      Math.abs(whole.length - samples.length) <= subject.tolerance,
      `${whole.length} for ${samples.length}`,
    );
    const likeness = correlation(whole, samples);
    t.ok(likeness >= subject.likeness, `correlation ${likeness}`);
  });

  t.test('however the bytes are cut, the samples are the same', async (t) => {
    const random = seededRandom(seed);
    for (const mean of [subject.pieceBytes, subject.pieceBytes * 5]) {
      const cutUp = await decodeAll(create(mime), cut(file, mean, random));
      t.ok(isSame(cutUp, whole), `pieces of about ${mean} bytes`);
    }
  });

  t.test('pieces with a header of their own are decoded one after another', async (t) => {
    const three = await decodeAll(create(mime), [file, file, file]);
    t.equal(three.length, 3 * whole.length);
    t.ok(isSame(three.subarray(whole.length, 2 * whole.length), whole));
  });

  t.test('a truncated file yields what is there', async (t) => {
    const half = await outcome(decodeAll(create(mime), [file.subarray(0, file.length >> 1)]));
    if (typeof half === 'string') t.fail(half);
    else
      t.ok(
        half.length > whole.length * 0.3 && half.length < whole.length * 0.7,
        `${half.length} of ${whole.length}`,
      );
  });

  t.test('no bytes are no samples', async (t) => {
    const decoder = create(mime);
    t.equal((await decoder.push(new Uint8Array())).length, 0);
    const rest = await decodeAll(decoder, [file.subarray(0, 100), new Uint8Array(), file.subarray(100)]);
    t.equal(rest.length, whole.length);
  });

  t.test('[I5] garbage is refused, and what comes after it is decoded', async (t) => {
    const random = seededRandom(seed + 1);
    const garbage = Uint8Array.from({ length: 5000 }, () => random() * 256);
    const decoder = create(mime);
    t.equal(await outcome(decoder.push(garbage)), 'MIME_UNKNOWN');
    t.equal((await decodeAll(decoder, [file])).length, whole.length);
  });

  t.test('[I5] garbage in the middle does not keep a new start from being decoded', async (t) => {
    const random = seededRandom(seed + 2);
    const decoder = create(mime);
    await decoder.push(file);
    await outcome(decoder.push(Uint8Array.from({ length: 5000 }, () => random() * 256)));
    const after = await decodeAll(decoder, [file]);
    t.ok(isSame(after.subarray(after.length - whole.length), whole));
  });

  t.test('closed in the middle it takes no more, and ending it twice is harmless', async (t) => {
    const closed = create(mime);
    await closed.push(file.subarray(0, file.length >> 1));
    closed.close();
    closed.close();
    t.equal(await outcome(closed.push(file.subarray(file.length >> 1))), 'DECODE_DEGRADED');
    const ended = create(mime);
    await ended.push(file);
    await ended.end();
    t.equal((await ended.end()).length, 0);
    ended.close();
  });
}
