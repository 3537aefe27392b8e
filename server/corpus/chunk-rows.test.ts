import t from 'tap';
import type { CorpusEvent, FinalResult } from '../../shared/events.ts';
import { chunkRows } from './chunk-rows.ts';

const at = '2030-01-01T00:00:00.000Z';
const word = (text: string, start: number, end: number) => ({ text, start, end, probability: 1 });
let n = 0;
const event = (type: string, data: unknown) =>
  ({ session: 'session-1', n: ++n, at, type, data }) as CorpusEvent;
const received = (seq: number) =>
  event('slice.received', {
    seq,
    epoch: 0,
    mime: 'x',
    audioHash: `sha256:${String(seq).repeat(64)}`,
    bytes: 1,
    durationMs: 3000,
    capturedAt: 0,
  });

const events = [
  received(0),
  event('slice.decoded', { seq: 0, start: 0, end: 3 }),
  received(1),
  event('words.committed', { words: [word('good', 0.5, 1), word('morning', 2.8, 3.1)], through: 3 }),
  event('slice.degraded', { seq: 1, start: 3, end: 6, reason: 'x' }),
  event('words.committed', { words: [word('doctor', 2.9, 3.1), word('hm', 5.9, 6.3)], through: 6 }),
];

t.test('[S2] a slice has the words whose middle lies in it, each in one slice', async (t) => {
  t.same(chunkRows(events), [
    {
      chunk_id: 'session-1_chunk_0_00000000',
      session_id: 'session-1',
      chunk_number: 0,
      timestamp_start: 0,
      timestamp_end: 3,
      transcription: 'good morning',
      audio_hash: `sha256:${'0'.repeat(64)}`,
      created_at: at,
    },
    {
      chunk_id: 'session-1_chunk_1_11111111',
      session_id: 'session-1',
      chunk_number: 1,
      timestamp_start: 3,
      timestamp_end: 6,
      transcription: 'doctor hm',
      audio_hash: `sha256:${'1'.repeat(64)}`,
      created_at: at,
    },
  ]);
});

t.test('after finalising the final words and the speaker of each slice stand', async (t) => {
  const segments = [
    { speaker: 'SPEAKER_01', start: 3, end: 4, words: [word('Doctor.', 3.2, 3.6)], overlap: false },
    {
      speaker: 'SPEAKER_00',
      start: 0,
      end: 3,
      words: [word('Good', 0.5, 1), word('morning.', 2, 2.5)],
      overlap: false,
    },
  ];
  const final = { segments, sliceSpeakers: ['SPEAKER_00', 'SPEAKER_01'] } as unknown as FinalResult;
  t.match(chunkRows(events, final), [
    { transcription: 'Good morning.', speaker: 'SPEAKER_00' },
    { transcription: 'Doctor.', speaker: 'SPEAKER_01' },
  ]);
});

t.test('a slice that is stored and not yet placed has no times and no text', async (t) => {
  t.match(chunkRows([received(0)]), [{ timestamp_start: null, timestamp_end: null, transcription: '' }]);
  t.same(chunkRows([]), []);
});
