/** Looks at every byte: finds the first bad event or blob of each stream, and streams that are missing whole. */
import { addressOf, totalsHold } from './chain.ts';
import { SYSTEM_STREAM, type VerificationReport } from './corpus.ts';
import { type EventStore, StoreReadError, type StreamRecord } from './event-store.ts';
import type { HighWaterMark } from './high-water-mark.ts';
import type { Keyring } from './keyring.ts';
import { DamagedStream, readStream } from './read-stream.ts';

type Counts = Pick<VerificationReport, 'events' | 'blobs'>;

/** Sessions only, or all of them with the system stream, the totals and the database's structure. */
export async function verifyCorpus(
  store: EventStore,
  keyring: Keyring,
  mark: HighWaterMark,
  session?: string,
): Promise<VerificationReport> {
  const report: VerificationReport = { sessions: 0, events: 0, blobs: 0, faults: [] };
  const add = (stream: string, n: number, what: string) => report.faults.push({ session: stream, n, what });
  if (session === undefined) {
    for (const what of databaseFaults(store, keyring, mark)) add(SYSTEM_STREAM, 0, what);
  }
  for (const stream of session === undefined ? streamsOf(store, add) : [session]) {
    if (stream !== SYSTEM_STREAM) report.sessions++;
    const { counts, fault } = await verifyTwice(store, keyring, stream);
    report.events += counts.events;
    report.blobs += counts.blobs;
    if (fault !== undefined) add(stream, fault.n, fault.what);
  }
  return report;
}

/** A session that is erased while it is being read looks damaged once, but not a second time. */
async function verifyTwice(store: EventStore, keyring: Keyring, stream: string) {
  let fault: DamagedStream | undefined;
  let counts: Counts = { events: 0, blobs: 0 };
  for (const _ of ['first', 'second']) {
    counts = { events: 0, blobs: 0 };
    try {
      await verifyStream(store, keyring, stream, counts);
      return { counts, fault: undefined };
    } catch (error) {
      if (!(error instanceof DamagedStream)) throw error;
      fault = error;
    }
  }
  return { counts, fault };
}

/** @throws DamagedStream at the first thing that is not as it was written. */
async function verifyStream(
  store: EventStore,
  keyring: Keyring,
  stream: string,
  counts: Counts,
): Promise<void> {
  const blobs: { n: number; address: string }[] = [];
  let erasedAt: number | undefined;
  for await (const event of readStream(store, keyring.sealKey, stream)) {
    counts.events++;
    if (event.type === 'session.erased') {
      erasedAt = event.n;
      for (const { n, address } of blobs.splice(0)) expectNoBlob(store, stream, n, address);
    }
    if (event.blob !== null) blobs.push({ n: event.n, address: event.blob });
  }
  const record = readOr(stream, 0, () => store.record(stream));
  if (record === undefined) throw new DamagedStream(stream, 0, 'there is no such session');
  checkKey(keyring, record, erasedAt);
  for (const { n, address } of blobs) {
    const ciphertext = readOr(stream, n, () => store.blob(stream, address));
    if (ciphertext === undefined) throw new DamagedStream(stream, n, 'its blob is missing');
    if (addressOf(ciphertext) !== address) throw new DamagedStream(stream, n, 'its blob has been changed');
    counts.blobs++;
    await new Promise(setImmediate);
  }
}

function expectNoBlob(store: EventStore, stream: string, n: number, address: string): void {
  if (readOr(stream, n, () => store.blob(stream, address)) !== undefined) {
    throw new DamagedStream(stream, n, 'its blob was erased and is there again');
  }
}

function checkKey(keyring: Keyring, record: StreamRecord, erasedAt: number | undefined): void {
  const { stream, state } = record;
  if ((state === 'erased') !== (erasedAt !== undefined)) {
    throw new DamagedStream(stream, erasedAt ?? 0, 'its record and its events disagree about its erasure');
  }
  // The key as it lies on the disk, not as it was kept in memory.
  keyring.forget(stream);
  const key = readOr(stream, 0, () => keyring.keyOf(stream));
  if (state === 'erased' && key !== undefined)
    throw new DamagedStream(stream, 0, 'its key was erased and is there again');
  if (state !== 'erased' && key === undefined) throw new DamagedStream(stream, 0, 'its key is missing');
}

function databaseFaults(store: EventStore, keyring: Keyring, mark: HighWaterMark): string[] {
  try {
    // Before the totals: what is appended between the two makes these larger, never the mark.
    const marked = mark.read();
    const { totals, streams, events } = store.census();
    const structural = [...keyring.systemKeyFaults(), ...store.structuralFaults()];
    if (totals === undefined) return [...structural, 'the totals are missing'];
    if (!totalsHold(keyring.sealKey, totals)) return [...structural, 'the totals have been changed'];
    if (totals.streams !== streams)
      structural.push(`${totals.streams} streams were stored and ${streams} are there`);
    if (totals.events !== events)
      structural.push(`${totals.events} events were stored and ${events} are there`);
    if (marked === 'changed') structural.push('the mark of how many events were appended has been changed');
    else if (marked !== undefined && marked > totals.events)
      structural.push(
        `${marked - totals.events} events that were appended are gone: the write-ahead log was damaged, or this is an older copy`,
      );
    return structural;
  } catch (error) {
    if (error instanceof StoreReadError) return ['the database cannot be read from the disk'];
    throw error;
  }
}

function streamsOf(store: EventStore, add: (stream: string, n: number, what: string) => void): string[] {
  try {
    return store.records().map((record) => record.stream);
  } catch (error) {
    if (!(error instanceof StoreReadError)) throw error;
    add(SYSTEM_STREAM, 0, 'the list of sessions cannot be read from the disk');
    return [];
  }
}

function readOr<Result>(stream: string, n: number, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof StoreReadError)
      throw new DamagedStream(stream, n, 'it cannot be read from the disk');
    throw error;
  }
}
