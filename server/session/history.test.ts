import t from 'tap';
import type { CorpusEvent, NewEvent } from '../../shared/events.ts';
import { beginHistory, coverageOf, extendHistory, type SessionHistory, undecoded } from './history.ts';

const stored = (n: number, event: NewEvent): CorpusEvent =>
  ({
    session: 'session-1',
    n,
    at: '2026-01-01T00:00:00.000Z',
    ...event,
    blob: event.blob && `blob-${n}`,
  }) as CorpusEvent;

function told(...events: NewEvent[]): SessionHistory {
  const opened: NewEvent = {
    type: 'session.opened',
    data: { language: 'auto', owner: 'ana', tenant: 'clinic' },
  };
  const history = beginHistory(stored(1, opened));
  events.forEach((event, index) => {
    extendHistory(history, stored(index + 2, event));
  });
  return history;
}

const received = (seq: number): NewEvent => ({
  type: 'slice.received',
  data: {
    seq,
    epoch: 0,
    mime: 'audio/webm',
    audioHash: `sha256:${seq}`,
    bytes: 3,
    durationMs: 3000,
    capturedAt: 0,
  },
  blob: new Uint8Array(3),
});
const decoded = (seq: number): NewEvent => ({
  type: 'slice.decoded',
  data: { seq, start: seq * 3, end: seq * 3 + 3 },
});
const word = { text: 'buenos', start: 1, end: 1.4, probability: 0.9 };

t.test('[F1] after a crash, the slices that were stored and not decoded are known', async (t) => {
  const history = told(received(0), decoded(0), received(1), received(2));
  t.same(
    undecoded(history).map((slice) => slice.seq),
    [1, 2],
  );
  t.equal(history.timelineEnd, 3);
});

t.test(
  '[I5] seconds received, stored, decoded and transcribed are counted; a degraded slice is a gap',
  async (t) => {
    const history = told(
      received(0),
      decoded(0),
      received(1),
      { type: 'slice.degraded', data: { seq: 1, start: 3, end: 6, reason: 'DECODE_DEGRADED' } },
      received(2),
      decoded(2),
      { type: 'words.committed', data: { words: [word], through: 7 } },
    );
    t.same(coverageOf(history, 2, 3000), {
      received: 12,
      stored: 9,
      decoded: 6,
      transcribed: 4,
      labelled: 2,
    });
  },
);

t.test('events that were folded in before change nothing', async (t) => {
  const history = told({ type: 'words.committed', data: { words: [word], through: 2 } });
  extendHistory(history, stored(2, { type: 'words.committed', data: { words: [word], through: 2 } }));
  t.equal(history.committed.length, 1);
});

t.test(
  '[F1] a finish stands as pending until it is answered, and the newest completed result stands',
  async (t) => {
    const requested = (request: string): NewEvent => ({
      type: 'finish.requested',
      data: { request, by: 'ana' },
    });
    const completed = (request: string): NewEvent => ({
      type: 'finish.completed',
      data: { request, warnings: [], speakers: 2, words: 1 },
      blob: new Uint8Array(1),
    });
    const once = [requested('a'), { type: 'finish.started', data: { request: 'a', attempt: 1 } } as NewEvent];
    t.match(told(...once).finish, { request: 'a', attempts: 1, outcome: 'pending' });
    const again = told(...once, completed('a'), requested('b'));
    t.match(again, { finish: { request: 'b', outcome: 'pending' }, completed: { request: 'a' } });
    const failed: NewEvent = {
      type: 'finish.failed',
      data: { request: 'b', attempt: 3, code: 'FINALIZE_FAILED', reason: 'both', final: true },
    };
    const end = told(...once, completed('a'), requested('b'), failed);
    t.match(end, { finish: { outcome: 'failed' }, completed: { request: 'a' } });
  },
);
