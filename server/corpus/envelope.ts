/**
 * Events and blobs between their plain form and the opaque rows of the store. The first byte of a payload says whose
 * key closed it: the session's own, or the system's for what is to be read after the session's key is gone.
 */
import type { CorpusEvent, NewEvent } from '../../shared/events.ts';
import { addressOf, hashEvent } from './chain.ts';
import { close, open } from './cipher.ts';
import { decodeData, encodeData } from './codec.ts';
import { SYSTEM_STREAM } from './corpus.ts';
import type { StoredBlob, StoredEvent, StreamRecord } from './event-store.ts';
import type { Keyring } from './keyring.ts';
import { auditTypes } from './session-state.ts';

const OWN_KEY = 0;
const SYSTEM_KEY = 1;

/** Who read and who erased holds nothing that was said, and must still be answered for afterwards. */
const outlivesErasure: ReadonlySet<string> = new Set([...auditTypes, 'session.erased']);

/** The rows of one event appended to the stream of `record`. */
export function protect(
  keyring: Keyring,
  record: StreamRecord,
  event: NewEvent,
  at: string,
): { row: StoredEvent; blob: StoredBlob | undefined; published: CorpusEvent } {
  const { stream } = record;
  const n = record.events + 1;
  const keyKind = outlivesErasure.has(event.type) ? SYSTEM_KEY : OWN_KEY;
  const key = keyring.keyOf(keyKind === SYSTEM_KEY ? SYSTEM_STREAM : stream);
  if (key === undefined) throw new Error('The key of the session is missing.');

  const blob = event.blob === undefined ? undefined : protectBlob(key, stream, event.blob);
  const box = close(key, eventBinding(keyKind, stream, n, event.type), encodeData(event.data));
  const payload = Buffer.allocUnsafeSlow(1 + box.byteLength);
  payload[0] = keyKind;
  payload.set(box, 1);
  const unhashed = {
    stream,
    n,
    type: event.type,
    at,
    payload,
    blob: blob?.address ?? null,
    previous: record.head,
  };
  const row = { ...unhashed, hash: hashEvent(unhashed) };
  return { row, blob, published: publish(row, event.data) };
}

/**
 * The event of a row that has been verified; undefined when its key was destroyed.
 * @throws Error when the payload does not open or is not data of its type.
 */
export function unprotect(keyring: Keyring, row: StoredEvent): CorpusEvent | undefined {
  const keyKind = row.payload[0]!;
  const key = keyring.keyOf(keyKind === SYSTEM_KEY ? SYSTEM_STREAM : row.stream);
  if (key === undefined) return undefined;
  const plain = open(key, eventBinding(keyKind, row.stream, row.n, row.type), row.payload.subarray(1));
  return publish(row, decodeData(row.type, plain));
}

/** @throws Error when the bytes are not those that were stored. */
export function unprotectBlob(key: Uint8Array, stream: string, ciphertext: Uint8Array): Uint8Array {
  return open(key, blobBinding(stream), ciphertext);
}

function protectBlob(key: Uint8Array, stream: string, plain: Uint8Array): StoredBlob {
  const bytes = close(key, blobBinding(stream), plain);
  return { stream, address: addressOf(bytes), bytes };
}

function publish(row: StoredEvent, data: unknown): CorpusEvent {
  const { stream, n, at, type, blob } = row;
  return { session: stream, n, at, type, data, ...(blob === null ? {} : { blob }) } as CorpusEvent;
}

function eventBinding(keyKind: number, stream: string, n: number, type: string) {
  return ['auscult event 1', keyKind, stream, n, type];
}

function blobBinding(stream: string) {
  return ['auscult blob 1', stream];
}
