/** A short recording, all of it at once. */
import { CodedError } from '../../shared/errors.ts';
import { concatSamples } from './pcm.ts';
import { type CreateStreamDecoder, SAMPLE_RATE } from './stream-decoder.ts';

/** A few kilobytes can hold hours of silence: what they become is looked at after each piece of so many bytes. */
const PIECE = 64 * 1024;

/** @throws CodedError VOICE_UNREADABLE, or VOICE_TOO_LONG as soon as more than so many seconds have come out */
export async function decodeSample(
  createDecoder: CreateStreamDecoder,
  bytes: Uint8Array,
  mostSeconds: number,
): Promise<Int16Array> {
  const decoder = createDecoder('');
  const pieces: Int16Array[] = [];
  let length = 0;
  const take = (samples: Int16Array) => {
    pieces.push(samples);
    length += samples.length;
    if (length > mostSeconds * SAMPLE_RATE) throw new CodedError('VOICE_TOO_LONG');
  };
  try {
    for (let at = 0; at < bytes.length; at += PIECE) take(await decoder.push(bytes.subarray(at, at + PIECE)));
    take(await decoder.end());
  } catch (cause) {
    if (!(cause instanceof CodedError) || cause.code === 'VOICE_TOO_LONG') throw cause;
    throw new CodedError('VOICE_UNREADABLE', { cause });
  } finally {
    decoder.close();
  }
  if (length === 0) throw new CodedError('VOICE_UNREADABLE');
  return concatSamples(pieces);
}
