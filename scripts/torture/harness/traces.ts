/** Looks for what was said, in every form in which it could have been written down. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Needle {
  what: string;
  bytes: Buffer;
}

/** Two words as they followed each other, each word as JSON and as msgpack write it. */
export function wordNeedles(words: readonly string[]): Needle[] {
  const pairs = words.slice(1).map((word, index) => `${words[index]} ${word}`);
  const written = words.flatMap((word) => [
    Buffer.from(`"text":"${word}"`),
    Buffer.concat([Buffer.from('text'), Buffer.from([0xa0 + word.length]), Buffer.from(word)]),
  ]);
  return [...pairs.map((pair) => Buffer.from(pair)), ...written].map((bytes) => ({ what: 'words', bytes }));
}

/** Pieces from all over the bytes, long enough to be nobody else's. */
export function pieceNeedles(what: string, bytes: Uint8Array, pieces = 8, length = 48): Needle[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: pieces }, (_, index) => {
    const at = Math.floor(((index + 0.5) * Math.max(0, buffer.length - length)) / pieces);
    return { what, bytes: buffer.subarray(at, at + length) };
  }).filter(({ bytes: piece }) => new Set(piece).size > 4);
}

export function countIn(haystack: Buffer, needles: readonly Needle[]): number {
  let count = 0;
  for (const { bytes } of needles)
    for (let at = haystack.indexOf(bytes); at >= 0; at = haystack.indexOf(bytes, at + 1)) count += 1;
  return count;
}

/** Over all files below a directory, by file. */
export function countBelow(directory: string, needles: readonly Needle[]): Map<string, number> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, countIn(readFileSync(path), needles)];
    }),
  );
}
