/** What every event store must do; run on each adapter. */
import { createHash } from 'node:crypto';
import type { Test } from 'tap';
import {
  type Change,
  type EventStore,
  type SealedStream,
  type StoredEvent,
  StoreWriteError,
} from './event-store.ts';

const bytes = (text: string) => new Uint8Array(createHash('sha256').update(text).digest());

function event(stream: string, n: number, type = 'slice.received', blob: string | null = null): StoredEvent {
  const at = '2030-01-01T00:00:00.000Z';
  return {
    stream,
    n,
    type,
    at,
    payload: bytes(`${stream}${n}`),
    blob,
    previous: bytes('previous'),
    hash: bytes(`hash${n}`),
  };
}

function record(stream: string, events: number, more: Partial<SealedStream> = {}): SealedStream {
  const at = `2030-01-01T00:00:00.00${events}Z`;
  const times = { openedAt: '2030-01-01T00:00:00.000Z', lastEventAt: at };
  const rest = { owner: 'o', tenant: 't', slices: 0, state: 'open', request: null } as const;
  return { stream, ...times, ...rest, events, head: bytes(`hash${events}`), seal: bytes('seal'), ...more };
}

function change(more: Partial<Change>): Change {
  return { events: [], blobs: [], streams: [], keys: [], erasures: [], totals: undefined, ...more };
}

const plain = (value: unknown) =>
  JSON.parse(
    JSON.stringify(value, (_, part) =>
      part?.type === 'Buffer' || part instanceof Uint8Array
        ? Buffer.from(part.data ?? part).toString('hex')
        : part,
    ),
  );

export function eventStoreContract(t: Test, open: (t: Test) => EventStore): void {
  t.test('what was committed is read back in order, page by page', async (t) => {
    const store = open(t);
    const events = [1, 2, 3, 4, 5].map((n) => event('a', n));
    const expected = plain(events);
    await store.commit(change({ events, streams: [record('a', 5)] }));
    const first = store.page('a', 0, 3);
    const second = store.page('a', 3, 3);
    t.same(plain([...first.events, ...second.events]), expected);
    t.equal(first.before, undefined);
    t.same(Buffer.from(second.before!), Buffer.from(bytes('hash3')));
    t.equal(second.record?.events, 5);
    t.same(store.page('nobody', 0, 3), { events: [], record: undefined, before: undefined });
  });

  t.test('a change is taken whole or not at all', async (t) => {
    const store = open(t);
    await store.commit(change({ events: [event('a', 1)], streams: [record('a', 1)] }));
    const blobs = [{ stream: 'a', address: 'x', bytes: bytes('x') }];
    const bad = change({ events: [event('a', 2), event('a', 1)], streams: [record('a', 2)], blobs });
    await t.rejects(store.commit(bad), StoreWriteError);
    t.equal(store.page('a', 0, 10).events.length, 1);
    t.equal(store.record('a')?.events, 1);
    t.equal(store.blob('a', 'x'), undefined);
    await store.commit(change({ events: [event('a', 2)], streams: [record('a', 2)] }));
    t.equal(store.page('a', 0, 10).events.length, 2, 'and the store goes on');
  });

  t.test('the latest event of a type is found', async (t) => {
    const store = open(t);
    await store.commit(
      change({ events: [event('a', 1, 'x'), event('a', 2, 'y'), event('a', 3, 'x'), event('b', 1, 'y')] }),
    );
    t.equal(store.latest('a', 'x')?.n, 3);
    t.equal(store.latest('a', 'y')?.n, 2);
    t.equal(store.latest('a', 'z'), undefined);
  });

  t.test('records are filtered, newest first', async (t) => {
    const store = open(t);
    const streams = [
      record('a', 1, { tenant: 't1', openedAt: '2030-01-01T00:00:01.000Z' }),
      record('b', 1, { tenant: 't2', openedAt: '2030-01-01T00:00:03.000Z', state: 'finishing' }),
      record('c', 1, { tenant: 't1', openedAt: '2030-01-01T00:00:02.000Z', owner: 'p' }),
    ];
    await store.commit(change({ streams }));
    const names = (filter = {}) => store.records(filter).map(({ stream }) => stream);
    t.same(names(), ['b', 'c', 'a']);
    t.same(names({ tenant: 't1' }), ['c', 'a']);
    t.same(names({ tenant: 't1', owner: 'p' }), ['c']);
    t.same(names({ state: 'finishing' }), ['b']);
    await store.commit(
      change({ streams: [record('b', 2, { openedAt: '2030-01-01T00:00:03.000Z', state: 'finished' })] }),
    );
    t.same(names({ state: 'finishing' }), []);
  });

  t.test('an erasure takes the key and the blobs of its stream only', async (t) => {
    const store = open(t);
    const keys = ['a', 'b'].map((stream) => ({ stream, masterKey: 'm', wrapped: bytes(stream) }));
    const blobs = ['a', 'b'].map((stream) => ({ stream, address: 'x', bytes: bytes(`blob ${stream}`) }));
    await store.commit(change({ keys, blobs, events: [event('a', 1, 'slice.received', 'x')] }));
    await store.commit(change({ erasures: ['a'] }));
    t.equal(store.key('a'), undefined);
    t.equal(store.blob('a', 'x'), undefined);
    t.equal(store.page('a', 0, 10).events.length, 1, 'events stay');
    t.same(Buffer.from(store.blob('b', 'x')!), Buffer.from(bytes('blob b')));
    t.same(
      store.keys().map(({ stream }) => stream),
      ['b'],
    );
    t.equal(await store.scrub(), true);
  });

  t.test('the census and the faults are kept', async (t) => {
    const store = open(t);
    const totals = { streams: 2, events: 3, seal: bytes('seal') };
    await store.commit(change({ totals: { ...totals }, streams: [record('a', 1), record('b', 2)] }));
    const { totals: stored, ...sums } = store.census();
    t.same(plain(stored), plain(totals));
    t.same(sums, { streams: 2, events: 3 });
    const fault = { stream: 'a', n: 1, what: 'it has been changed' };
    await store.noteFaults([{ stream: 'a', fault }]);
    t.same(store.faults(), [fault]);
    await store.noteFaults([{ stream: 'a', fault: undefined }]);
    t.same(store.faults(), []);
    t.same(store.structuralFaults(), []);
    t.ok(store.freeBytes() > 0);
  });
}
