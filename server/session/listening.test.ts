import t from 'tap';
import { CodedError } from '../../shared/errors.ts';
import type { CorpusEvent, NewEvent } from '../../shared/events.ts';
import { SAMPLE_RATE, type StreamDecoder } from '../audio/stream-decoder.ts';
import { beginHistory, extendHistory, type SessionHistory, type StoredSlice } from './history.ts';
import { createListening, firstToReplay } from './listening.ts';

/** Every byte is a tenth of a second of that value; 255 cannot be decoded; one byte is always held back. */
function bytesAsAudio(): StreamDecoder {
  let held: number[] = [];
  const samples = (values: number[]) =>
    Int16Array.from(values.flatMap((value) => new Array<number>(SAMPLE_RATE / 10).fill(value)));
  return {
    async push(bytes) {
      if (bytes.includes(255)) throw new CodedError('DECODE_DEGRADED');
      const all = [...held, ...bytes];
      held = all.slice(-1);
      return samples(all.slice(0, -1));
    },
    async end() {
      return samples(held);
    },
    close() {},
  };
}

function setUp(history: SessionHistory, blobs = new Map<string, Uint8Array>()) {
  const heard: { start: number; values: number[] }[] = [];
  const gaps: [number, number][] = [];
  const appended: NewEvent[] = [];
  const faults: unknown[] = [];
  const listening = createListening({
    history,
    createDecoder: bytesAsAudio,
    readBlob: async (address) => blobs.get(address) ?? new Uint8Array(0),
    append: async (events) => {
      for (const event of events) {
        appended.push(event);
        extendHistory(history, { ...event, session: 's', n: history.last + 1, at: '' } as CorpusEvent);
      }
    },
    onSamples: async (start, samples) => {
      heard.push({ start: start / 1600, values: [...samples].filter((_, index) => index % 1600 === 0) });
    },
    onGap: async (start, end) => {
      gaps.push([start / 1600, end / 1600]);
    },
    onDegraded: () => {},
    onFault: (error) => faults.push(error),
  });
  const take = (seq: number, epoch: number, ...values: number[]) => {
    const slice: StoredSlice = {
      seq,
      epoch,
      mime: 'x',
      audioHash: '',
      durationMs: values.length * 100,
      blob: `b${seq}`,
    };
    history.slices[seq] = slice;
    blobs.set(slice.blob, Uint8Array.from(values));
    listening.take(slice, Uint8Array.from(values));
  };
  return { listening, heard, gaps, appended, faults, take, blobs };
}

const fresh = () =>
  beginHistory({
    session: 's',
    n: 1,
    at: '',
    type: 'session.opened',
    data: { language: 'auto', owner: 'a', tenant: 't' },
  });

t.test(
  'slices follow one another on the timeline, and what a decoder holds back is not lost at its end',
  async (t) => {
    const { listening, heard, appended, take, faults } = setUp(fresh());
    take(0, 0, 1, 2, 3);
    take(1, 0, 4, 5, 6);
    take(2, 1, 7, 8);
    await listening.settle();
    t.same(
      heard.flatMap(({ values }) => values),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    t.same(
      heard.map(({ start }) => start),
      [0, 2, 5, 6, 7],
    );
    t.same(appended.at(-1), { type: 'slice.decoded', data: { seq: 2, start: 0.6, end: 0.8 } });
    t.same(faults, []);
  },
);

t.test(
  '[I5] bytes that cannot be decoded are a gap of the stated length, and what follows has its true place',
  async (t) => {
    const { listening, heard, gaps, appended, take } = setUp(fresh());
    take(0, 0, 1, 2);
    take(1, 0, 255, 255, 255);
    take(2, 0, 4, 5);
    await listening.settle();
    t.same(gaps, [[1, 4]]);
    t.match(appended[1], {
      type: 'slice.degraded',
      data: { seq: 1, start: 0.1, end: 0.4, reason: 'DECODE_DEGRADED' },
    });
    t.same(
      heard.map(({ start }) => start),
      [0, 4, 6],
    );
  },
);

t.test('a pause is marked after the audio that came before it', async (t) => {
  const { listening, appended, take } = setUp(fresh());
  take(0, 0, 1, 2, 3);
  listening.mark('session.paused');
  await listening.settle();
  t.same(appended[1], { type: 'session.paused', data: { at: 0.2 } });
});

t.test(
  '[F1] after a restart the decoder goes on in the middle of its stream, and events are not repeated',
  async (t) => {
    const history = fresh();
    const before = setUp(history);
    before.take(0, 0, 1, 2, 3);
    before.take(1, 0, 4, 5, 6);
    before.listening.mark('session.resumed');
    await new Promise(setImmediate);
    before.listening.close();
    // Stored, and the server stopped before it was decoded.
    history.slices[2] = { seq: 2, epoch: 0, mime: 'x', audioHash: '', durationMs: 200, blob: 'b2' };
    before.blobs.set('b2', Uint8Array.from([7, 8]));

    const after = setUp(history, before.blobs);
    after.take(3, 0, 9);
    await after.listening.settle();
    t.same(
      after.appended.map(({ data }) => data),
      [
        { seq: 2, start: 0.5, end: 0.7 },
        { seq: 3, start: 0.7, end: 0.8 },
        { seq: 3, start: 0.7, end: 0.9 },
      ],
    );
    t.same(
      after.heard.flatMap(({ values }) => values),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  },
);

t.test('[F1] a finished session whose audio is stored as samples is not decoded again', async (t) => {
  const history = fresh();
  const { listening, take } = setUp(history);
  take(0, 0, 1, 2, 3);
  await listening.settle();
  t.equal(firstToReplay(history)?.seq, 0);
  history.audioStored = history.timelineEnd;
  t.equal(firstToReplay(history)?.seq, 0, 'an open session may go on in the same stream');
  history.finish = { request: 'r', by: 'a', attempts: 1, outcome: 'completed' };
  t.equal(firstToReplay(history), undefined);
});
