/** WAV at 16 kHz, in process: any common width, any number of channels, mixed to one. */
import { CodedError } from '../../shared/errors.ts';
import { concatBytes, toInt16 } from './pcm.ts';
import type { StreamDecoder } from './stream-decoder.ts';
import { parseWav, type WavFormat } from './wav.ts';

export function createWavDecoder(): StreamDecoder {
  let rest: Uint8Array = new Uint8Array();
  let format: WavFormat | undefined;
  let dataLeft = 0;
  let isBroken = false;

  function push(bytes: Uint8Array): Int16Array {
    if (isBroken) throw new CodedError('DECODE_DEGRADED');
    rest = concatBytes(rest, bytes);
    if (format === undefined) {
      format = parseWav(rest);
      if (format === undefined) return new Int16Array();
      rest = rest.subarray(format.dataAt);
      dataLeft = format.dataBytes;
    }
    const frameBytes = (format.bits / 8) * format.channels;
    const frames = Math.floor(Math.min(rest.length, dataLeft) / frameBytes);
    const samples = mix(rest, frames, format);
    dataLeft -= frames * frameBytes;
    // After the samples come chunks of text, which nobody needs.
    rest = dataLeft < frameBytes ? new Uint8Array() : rest.slice(frames * frameBytes);
    return samples;
  }

  return {
    async push(bytes) {
      try {
        return push(bytes);
      } catch (cause) {
        isBroken = true;
        rest = new Uint8Array();
        throw cause instanceof CodedError ? cause : new CodedError('DECODE_DEGRADED', { cause });
      }
    },
    async end() {
      return new Int16Array();
    },
    close() {
      isBroken = true;
      rest = new Uint8Array();
    },
  };
}

function mix(bytes: Uint8Array, frames: number, format: WavFormat): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = format.bits / 8;
  const read = sampleReader(format, view);
  const samples = new Int16Array(frames);
  for (let frame = 0, at = 0; frame < frames; frame++) {
    let sum = 0;
    for (let channel = 0; channel < format.channels; channel++, at += width) sum += read(at);
    samples[frame] = toInt16(sum / format.channels);
  }
  return samples;
}

/** Reads a sample at a byte offset, -1 to 1. */
function sampleReader(format: WavFormat, view: DataView): (at: number) => number {
  if (format.encoding === 'float') return (at) => view.getFloat32(at, true);
  if (format.bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (format.bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (format.bits === 24) return (at) => (view.getUint8(at) | (view.getInt16(at + 1, true) << 8)) / 2 ** 23;
  return (at) => view.getInt32(at, true) / 2 ** 31;
}
