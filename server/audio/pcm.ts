/** Samples as 16-bit integers, and the other shapes they are wanted in. */

// Minutes of audio pass through here while slices wait to be acknowledged, so whole blocks are copied instead of sample
// by sample: every machine that the native modules are built for is little-endian.

/** The samples of little-endian bytes; an odd last byte is left out. A copy, so the bytes need not be aligned. */
export function fromBytes(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length >> 1);
  new Uint8Array(samples.buffer).set(bytes.subarray(0, samples.byteLength));
  return samples;
}

/** Little-endian, two bytes a sample. A copy. */
export function toBytes(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength).slice();
}

/** -1 to 1. */
export function toFloat32(samples: Int16Array): Float32Array {
  return Float32Array.from(samples, (sample) => sample / 32768);
}

/** From -1 to 1; what lies outside is clipped, what is no number becomes silence. */
export function toInt16(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
}

export function silence(samples: number): Int16Array {
  return new Int16Array(samples);
}

/** Mean power in decibels below full scale; -Infinity for digital silence and for nothing. */
export function energyDb(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return samples.length === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(sum / samples.length / 32768 ** 2);
}

export function concatSamples(parts: readonly Int16Array[]): Int16Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
