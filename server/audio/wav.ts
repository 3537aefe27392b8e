/** RIFF/WAVE: the header that we write, and reading those of others. */

export const WAV_HEADER_BYTES = 44;
const UNKNOWN_SIZE = 0xffff_ff00;

/** The header of a 16-bit mono file. @throws RangeError past 4 GiB, which the format cannot state. */
export function wavHeader(samples: number, sampleRate = 16_000): Uint8Array {
  const dataBytes = samples * 2;
  if (!Number.isSafeInteger(samples) || samples < 0 || dataBytes + 36 > 0xffff_ffff) {
    throw new RangeError('A WAV file of this length cannot be written.');
  }
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const ascii = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) header[at + i] = text.charCodeAt(i);
  };
  ascii(0, 'RIFF');
  view.setUint32(4, dataBytes + 36, true);
  ascii(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  ascii(36, 'data');
  view.setUint32(40, dataBytes, true);
  return header;
}

export interface WavFormat {
  encoding: 'integer' | 'float';
  bits: number;
  channels: number;
  sampleRate: number;
  /** Where the samples begin. */
  dataAt: number;
  /** Infinity where the writer did not know it yet (a stream). */
  dataBytes: number;
}

/** A header is never longer than this here; what is, is not audio that somebody streams. */
const MAX_HEADER_BYTES = 64 * 1024;

/** The header that these bytes begin with; undefined while it is not complete. @throws RangeError when it is not one. */
export function parseWav(bytes: Uint8Array): WavFormat | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let format: Omit<WavFormat, 'dataAt' | 'dataBytes'> | undefined;
  for (let at = 12; at <= MAX_HEADER_BYTES; ) {
    if (at + 8 > bytes.length) return undefined;
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    const size = view.getUint32(at + 4, true);
    if (name === 'data') {
      if (format === undefined) throw new RangeError('The samples come before their format.');
      const isStream = size === 0 || size >= UNKNOWN_SIZE;
      return { ...format, dataAt: at + 8, dataBytes: isStream ? Number.POSITIVE_INFINITY : size };
    }
    if (name === 'fmt ') {
      if (size < 16 || size > 1024) throw new RangeError('The format has an impossible size.');
      if (at + 8 + size > bytes.length) return undefined;
      format = parseFormat(new DataView(bytes.buffer, bytes.byteOffset + at + 8, size));
    }
    at += 8 + size + (size & 1);
  }
  throw new RangeError('The header has no end.');
}

function parseFormat(view: DataView): Omit<WavFormat, 'dataAt' | 'dataBytes'> {
  const tag = view.getUint16(0, true);
  // WAVE_FORMAT_EXTENSIBLE says the real format in the first two bytes of its GUID.
  const kind = tag === 0xfffe && view.byteLength >= 26 ? view.getUint16(24, true) : tag;
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const bits = view.getUint16(14, true);
  const isInteger = kind === 1 && [8, 16, 24, 32].includes(bits);
  const isFloat = kind === 3 && bits === 32;
  if ((!isInteger && !isFloat) || channels < 1 || channels > 64 || sampleRate < 1) {
    throw new RangeError('The samples are in a format that is not read here.');
  }
  return { encoding: isFloat ? 'float' : 'integer', bits, channels, sampleRate };
}
