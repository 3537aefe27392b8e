/**
 * The hash chain and the seals.
 *
 * An event's hash is SHA-256 over the canonical encoding of: the words `auscult event 1`, the previous hash (32 zero
 * bytes for the first event), stream, n, type, at, payload (ciphertext) and the blob's address (or nothing). In the
 * canonical encoding every field is one byte for its kind (0 nothing, 1 bytes, 2 UTF-8 text, 3 whole number), its
 * length in bytes as an unsigned 32-bit big-endian number, and the bytes; a whole number is 8 bytes, big-endian.
 *
 * The chain needs no key, so anybody can follow it, and it goes on verifying after an erasure. What it cannot show is
 * that a stream was cut off at its end: the last number and hash of each stream, and how many streams and events there
 * are, are therefore sealed (HMAC-SHA-256) under a key that only the holder of the master key has.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SealedStream, SealedTotals, StoredEvent, StreamRecord } from './event-store.ts';

export const FIRST_PREVIOUS = new Uint8Array(32);

export function hashEvent(event: Omit<StoredEvent, 'hash'>): Uint8Array {
  const { previous, stream, n, type, at, payload, blob } = event;
  const hash = createHash('sha256');
  for (const part of encodeFields('auscult event 1', previous, stream, n, type, at, payload, blob))
    hash.update(part);
  return hash.digest();
}

/** The hex SHA-256 of a blob's ciphertext. */
export function addressOf(ciphertext: Uint8Array): string {
  return createHash('sha256').update(ciphertext).digest('hex');
}

export function sealStream(sealKey: Uint8Array, record: StreamRecord): SealedStream {
  return { ...record, seal: streamSeal(sealKey, record) };
}

export function streamHolds(sealKey: Uint8Array, record: SealedStream): boolean {
  return equalBytes(record.seal, streamSeal(sealKey, record));
}

export function sealTotals(sealKey: Uint8Array, totals: Omit<SealedTotals, 'seal'>): SealedTotals {
  return { streams: totals.streams, events: totals.events, seal: totalsSeal(sealKey, totals) };
}

export function totalsHold(sealKey: Uint8Array, totals: SealedTotals): boolean {
  return equalBytes(totals.seal, totalsSeal(sealKey, totals));
}

/** Of a number of events that were appended. */
export function sealMark(sealKey: Uint8Array, events: number): Uint8Array {
  return hmac(sealKey, 'auscult mark 1', events);
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

type Field = string | number | Uint8Array | null;

export function encodeFields(...fields: Field[]): Uint8Array[] {
  return fields.flatMap((field) => {
    const [kind, bytes] = encodeField(field);
    const header = Buffer.alloc(5);
    header.writeUInt8(kind, 0);
    header.writeUInt32BE(bytes.byteLength, 1);
    return [header, bytes];
  });
}

function encodeField(field: Field): [kind: number, bytes: Uint8Array] {
  if (field === null) return [0, new Uint8Array(0)];
  if (typeof field === 'string') return [2, Buffer.from(field, 'utf8')];
  if (typeof field === 'number') {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(field));
    return [3, bytes];
  }
  return [1, field];
}

function streamSeal(sealKey: Uint8Array, record: StreamRecord): Uint8Array {
  const { stream, owner, tenant, openedAt, lastEventAt, events, slices, state, request, head } = record;
  return hmac(
    sealKey,
    'auscult stream 1',
    stream,
    owner,
    tenant,
    openedAt,
    lastEventAt,
    events,
    slices,
    state,
    request,
    head,
  );
}

function totalsSeal(sealKey: Uint8Array, totals: Omit<SealedTotals, 'seal'>): Uint8Array {
  return hmac(sealKey, 'auscult totals 1', totals.streams, totals.events);
}

function hmac(key: Uint8Array, ...fields: Field[]): Uint8Array {
  const digest = createHmac('sha256', key);
  for (const part of encodeFields(...fields)) digest.update(part);
  return digest.digest();
}
