/** EBML's way to write an element: identifier, length, data (RFC 8794). */

export interface EbmlElement {
  id: number;
  dataAt: number;
  /** Infinity where the writer left it open. */
  size: number;
}

/** The element that begins at `at`; undefined while its head is not complete. @throws RangeError when none can. */
export function readElement(bytes: Uint8Array, at: number): EbmlElement | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const idBytes = Math.clz32(first) - 23;
  if (idBytes > 4) throw new RangeError('No identifier is that long.');
  const lengthFirst = bytes[at + idBytes];
  if (lengthFirst === undefined) return undefined;
  const sizeBytes = Math.clz32(lengthFirst) - 23;
  if (sizeBytes > 8) throw new RangeError('No length is that long.');
  const dataAt = at + idBytes + sizeBytes;
  if (dataAt > bytes.length) return undefined;
  const mask = 2 ** (8 - sizeBytes) - 1;
  let isOpen = (lengthFirst & mask) === mask;
  let size = lengthFirst & mask;
  for (let i = at + idBytes + 1; i < dataAt; i++) {
    size = size * 256 + bytes[i]!;
    isOpen &&= bytes[i] === 0xff;
  }
  let id = 0;
  for (let i = at; i < at + idBytes; i++) id = id * 256 + bytes[i]!;
  return { id, dataAt, size: isOpen ? Number.POSITIVE_INFINITY : size };
}
