/** Reads a stream and follows its chain as it goes; reading and verifying share it. */
import { equalBytes, FIRST_PREVIOUS, hashEvent, streamHolds } from './chain.ts';
import { type EventStore, type StoredEvent, StoreReadError, type StreamPage } from './event-store.ts';

const PAGE = 256;

/** The first thing in a stream that is not as it was written. `what` names it in words, without any content. */
export class DamagedStream extends Error {
  override readonly name = 'DamagedStream';

  constructor(
    readonly stream: string,
    readonly n: number,
    readonly what: string,
  ) {
    super(`Event ${n}: ${what}`);
  }
}

/** @throws DamagedStream at the first event that does not verify, or at the end when the stream was cut off. */
export async function* readStream(
  store: EventStore,
  sealKey: Uint8Array,
  stream: string,
  after = 0,
): AsyncGenerator<StoredEvent> {
  let last = after;
  let previous: Uint8Array | undefined = after === 0 ? FIRST_PREVIOUS : undefined;
  for (;;) {
    const page = pageOf(store, stream, last);
    previous ??= page.before;
    for (const event of page.events) {
      if (event.n !== last + 1) throw new DamagedStream(stream, last + 1, 'the event is missing');
      // Stated before it is yielded: whoever reads must not act on what does not verify.
      checkEvent(event, previous);
      last = event.n;
      previous = event.hash;
      yield event;
    }
    if (page.events.length < PAGE) {
      checkEnd(sealKey, stream, page, last, previous);
      return;
    }
    await new Promise(setImmediate);
  }
}

export function checkEvent(event: StoredEvent, previous: Uint8Array | undefined): void {
  if (previous === undefined || !equalBytes(event.previous, previous)) {
    throw new DamagedStream(event.stream, event.n, 'it does not follow the event before it');
  }
  if (!equalBytes(event.hash, hashEvent(event))) {
    throw new DamagedStream(event.stream, event.n, 'it has been changed');
  }
}

function checkEnd(
  sealKey: Uint8Array,
  stream: string,
  page: StreamPage,
  last: number,
  head: Uint8Array | undefined,
): void {
  const { record } = page;
  if (record === undefined) {
    if (last > 0) throw new DamagedStream(stream, last, 'the record of the stream is missing');
    return;
  }
  if (!streamHolds(sealKey, record))
    throw new DamagedStream(stream, last, 'the record of the stream has been changed');
  if (record.events > last) throw new DamagedStream(stream, last + 1, 'the event is missing');
  if (record.events === last && head !== undefined && !equalBytes(record.head, head)) {
    throw new DamagedStream(stream, last, 'it is not the event that was stored last');
  }
  if (record.events < last && page.events.length > 0) {
    throw new DamagedStream(stream, last, 'there are more events than were appended');
  }
}

function pageOf(store: EventStore, stream: string, after: number): StreamPage {
  try {
    return store.page(stream, after, PAGE);
  } catch (error) {
    if (error instanceof StoreReadError)
      throw new DamagedStream(stream, after + 1, 'it cannot be read from the disk');
    throw error;
  }
}
