/** Audio for the tests of this room, made when they run: a signal of our own in every container. */
import { spawnSync } from 'node:child_process';
import { concatBytes, toBytes } from './pcm.ts';
import { SAMPLE_RATE } from './stream-decoder.ts';
import { wavHeader } from './wav.ts';

export const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A rising tone that swells and fades twice a second, so that any shift or loss shows. */
export function tone(seconds: number): Int16Array {
  return Int16Array.from({ length: Math.round(seconds * SAMPLE_RATE) }, (_, index) => {
    const time = index / SAMPLE_RATE;
    return (
      9000 *
      Math.sin(2 * Math.PI * (200 * time + 60 * time * time)) *
      (0.6 + 0.4 * Math.sin(4 * Math.PI * time))
    );
  });
}

export function wavFile(samples: Int16Array): Uint8Array {
  return concatBytes(wavHeader(samples.length), toBytes(samples));
}

export const encodings = {
  webm: ['-c:a', 'libopus', '-f', 'webm'],
  ogg: ['-c:a', 'libopus', '-f', 'ogg'],
  mp4: [
    '-c:a',
    'aac',
    '-movflags',
    'frag_keyframe+empty_moov+default_base_moof',
    '-frag_duration',
    '300000',
    '-f',
    'mp4',
  ],
  flac: ['-f', 'flac'],
  wav48: ['-ar', '48000', '-ac', '2', '-f', 'wav'],
} as const;

export function encode(samples: Int16Array, encoding: keyof typeof encodings): Uint8Array {
  return ffmpeg(wavFile(samples), ['-f', 'wav'], [...encodings[encoding]]);
}

/** What ffmpeg makes of a file: the other opinion. */
export function decodeByFfmpeg(file: Uint8Array): Uint8Array {
  return ffmpeg(file, [], ['-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le']);
}

function ffmpeg(input: Uint8Array, inputOptions: string[], outputOptions: string[]): Uint8Array {
  const args = ['-v', 'error', ...inputOptions, '-i', 'pipe:0', ...outputOptions, 'pipe:1'];
  const { stdout, status, stderr } = spawnSync('ffmpeg', args, { input, maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`ffmpeg: ${stderr}`);
  return stdout;
}

/** Pearson's, over the shorter of the two. */
export function correlation(a: Int16Array, b: Int16Array): number {
  const length = Math.min(a.length, b.length);
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** The bytes in pieces of random sizes, from one byte to twice the mean. */
export function cut(bytes: Uint8Array, mean: number, random: () => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(random() * 2 * mean);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
