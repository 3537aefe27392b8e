/** The bytes in which a window's analysis is stored. */
import { pack, unpack } from 'msgpackr';
import { z } from 'zod';
import type { WindowAnalysis } from './diarizer.ts';

const bytes = z.instanceof(Uint8Array);
const Stored = z.object({
  index: z.number().int().nonnegative(),
  frames: z.number().int().nonnegative(),
  speakers: z.number().int().nonnegative(),
  /** A byte a frame and speaker. */
  activity: bytes,
  /** 32-bit floats, little-endian. */
  embeddings: bytes,
});

export function encodeWindow({ index, frames, speakers, activity, embeddings }: WindowAnalysis): Uint8Array {
  const floats = new DataView(new ArrayBuffer(embeddings.length * 4));
  embeddings.forEach((value, at) => {
    floats.setFloat32(at * 4, value, true);
  });
  return pack({ index, frames, speakers, activity, embeddings: new Uint8Array(floats.buffer) });
}

/** @throws ZodError or Error when the bytes are not a window's. */
export function decodeWindow(stored: Uint8Array): WindowAnalysis {
  const { embeddings, ...rest } = Stored.parse(unpack(stored));
  // A copy is aligned, which the bytes inside the message are not. An hour has millions of these numbers, so they are
  // not read one by one: every machine that the native modules are built for is little-endian.
  const values = new Float32Array(Uint8Array.from(embeddings).buffer, 0, embeddings.length >> 2);
  return { ...rest, activity: Uint8Array.from(rest.activity), embeddings: values };
}
