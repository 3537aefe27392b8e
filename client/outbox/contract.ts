/** What every outbox holds to. Plain functions that throw, so that they run in Node and in a browser alike. */
import type { RecordedSlice } from '../connection/connection.ts';
import type { Consultation, Outbox } from './outbox.ts';

type Check = (outbox: Outbox) => Promise<void>;

const slice = (text: string): RecordedSlice => ({
  epoch: 1,
  mime: 'audio/webm;codecs=opus',
  sha256: `sha256:${'0'.repeat(64)}`,
  durationMs: 3000,
  capturedAt: 1_700_000_000_000,
  data: new TextEncoder().encode(text),
});

const consultation = (id: string, startedAt: number): Consultation => ({
  id,
  startedAt,
  language: 'es',
  wanted: 'recording',
  queued: 2,
  epochs: 1,
  offset: 0,
  epochOffset: 0,
  recordedMs: 0,
  commands: [{ type: 'pause', position: 2 }],
});

function same(actual: unknown, expected: unknown): void {
  const plain = (value: unknown) =>
    JSON.stringify(value, (_key, part) => (part instanceof Uint8Array ? [...part] : part));
  if (plain(actual) !== plain(expected)) throw new Error(`${plain(actual)} instead of ${plain(expected)}`);
}

export const outboxContract: Record<string, Check> = {
  '[I3] a slice comes back as it was put': async (outbox) => {
    await outbox.put('a', 0, slice('first'));
    same(await outbox.get('a', 0), slice('first'));
    same(await outbox.get('a', 1), undefined);
    same(await outbox.get('b', 0), undefined);
  },
  '[I3] what is acknowledged is purged, and nothing else': async (outbox) => {
    for (const ordinal of [9, 10, 11, 12]) await outbox.put('a', ordinal, slice(String(ordinal)));
    await outbox.put('b', 9, slice('other'));
    await outbox.purge('a', 11);
    same(await outbox.held('a'), [11, 12]);
    same(await outbox.held('b'), [9]);
    same(await outbox.get('a', 12), slice('12'));
  },
  'truncating leaves what lies before': async (outbox) => {
    for (const ordinal of [1, 2, 3]) await outbox.put('a', ordinal, slice(''));
    await outbox.put('b', 3, slice(''));
    await outbox.truncate('a', 2);
    same(await outbox.held('a'), [1]);
    same(await outbox.held('b'), [3]);
  },
  'ordinals are ascending, as numbers': async (outbox) => {
    for (const ordinal of [100, 2, 10]) await outbox.put('a', ordinal, slice(''));
    same(await outbox.held('a'), [2, 10, 100]);
  },
  'consultations come newest first and are replaced as a whole': async (outbox) => {
    await outbox.save(consultation('old', 1));
    await outbox.save(consultation('new', 2));
    await outbox.save({ ...consultation('old', 1), session: 'session-1', wanted: 'finishing' });
    same(
      (await outbox.consultations()).map(({ id, session, wanted }) => [id, session ?? '', wanted]),
      [
        ['new', '', 'recording'],
        ['old', 'session-1', 'finishing'],
      ],
    );
    same((await outbox.consultations())[0], consultation('new', 2));
  },
  'removing a consultation leaves the others': async (outbox) => {
    await outbox.save(consultation('a', 1));
    await outbox.save(consultation('b', 2));
    await outbox.put('a', 0, slice('gone'));
    await outbox.put('b', 0, slice('stays'));
    await outbox.remove('a');
    same(await outbox.held('a'), []);
    same(
      (await outbox.consultations()).map(({ id }) => id),
      ['b'],
    );
    same(await outbox.get('b', 0), slice('stays'));
    await outbox.put('a', 0, slice('again'));
    same(await outbox.get('a', 0), slice('again'));
  },
  'what the caller changes afterwards is not changed in it': async (outbox) => {
    const put = slice('mine');
    await outbox.put('a', 0, put);
    put.data[0] = 0;
    same(await outbox.get('a', 0), slice('mine'));
  },
};
