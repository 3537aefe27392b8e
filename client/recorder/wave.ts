/** Samples to WAV, and the cutting of a stream of samples into pieces of one length. Pure. */

/** A whole WAV file: mono, 16 bit. `samples` are floats between -1 and 1. */
export function encodeWave(samples: Float32Array, sampleRate: number): Uint8Array {
  const bytes = new Uint8Array(44 + samples.length * 2);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string) => bytes.set(new TextEncoder().encode(value), at);
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, index) => {
    const value = Math.max(-1, Math.min(1, sample));
    view.setInt16(44 + index * 2, Math.round(value * 32_767), true);
  });
  return bytes;
}

export interface Cutter {
  /** Takes samples and returns every piece that they complete. */
  push(samples: Float32Array): Float32Array[];
  /** The rest, which may be empty. */
  flush(): Float32Array;
}

/** Holds at most one piece, however long the recording. */
export function createCutter(length: number): Cutter {
  const piece = new Float32Array(length);
  let filled = 0;
  return {
    push(samples) {
      const done: Float32Array[] = [];
      for (let at = 0; at < samples.length; ) {
        const taken = Math.min(length - filled, samples.length - at);
        piece.set(samples.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled === length) {
          done.push(piece.slice());
          filled = 0;
        }
      }
      return done;
    },
    flush() {
      const rest = piece.slice(0, filled);
      filled = 0;
      return rest;
    },
  };
}
