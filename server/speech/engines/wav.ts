/** 16 kHz mono 16-bit samples as a WAV file, and back. */
import { toBytes } from '../../audio/pcm.ts';
import { SAMPLE_RATE } from '../../audio/stream-decoder.ts';
import { WAV_HEADER_BYTES, wavHeader } from '../../audio/wav.ts';

export function encodeWav(audio: Int16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(WAV_HEADER_BYTES + audio.byteLength);
  bytes.set(wavHeader(audio.length, SAMPLE_RATE));
  bytes.set(toBytes(audio), WAV_HEADER_BYTES);
  return bytes;
}

/** @throws RangeError when it is not a 16 kHz mono 16-bit WAV file. */
export function decodeWav(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (offset: number) => String.fromCharCode(...bytes.subarray(offset, offset + 4));
  if (bytes.length < WAV_HEADER_BYTES || name(0) !== 'RIFF' || name(8) !== 'WAVE')
    throw new RangeError('not a WAV file');
  for (let offset = 12; offset + 8 <= bytes.length; offset += 8 + view.getUint32(offset + 4, true)) {
    if (name(offset) === 'fmt ') {
      const [format, channels] = [view.getUint16(offset + 8, true), view.getUint16(offset + 10, true)];
      const [rate, bits] = [view.getUint32(offset + 12, true), view.getUint16(offset + 22, true)];
      if (format !== 1 || channels !== 1 || rate !== SAMPLE_RATE || bits !== 16) {
        throw new RangeError('not 16 kHz mono 16-bit');
      }
    }
    if (name(offset) === 'data') {
      const length = Math.min(view.getUint32(offset + 4, true), bytes.length - offset - 8);
      return new Int16Array(bytes.slice(offset + 8, offset + 8 + length - (length % 2)).buffer);
    }
  }
  throw new RangeError('the WAV file holds no samples');
}
