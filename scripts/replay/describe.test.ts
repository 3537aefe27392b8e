import t from 'tap';
import type { SessionSummary } from '../../server/corpus/corpus.ts';
import type { CorpusEvent, FinalResult } from '../../shared/events.ts';
import { clockTime, eventLine, rowLine, segmentLines, sessionTable } from './describe.ts';

t.test('times read as minutes, and as hours only where there are any', async (t) => {
  const table: [number, string][] = [
    [0, '00:00.0'],
    [59.96, '01:00.0'],
    [61.25, '01:01.3'],
    [3599.97, '1:00:00.0'],
    [7384.5, '2:03:04.5'],
  ];
  for (const [seconds, text] of table) t.equal(clockTime(seconds), text);
});

t.test('an event is one line: its number, when since the first, what it says', async (t) => {
  const word = (text: string) => ({ text, start: 0, end: 1, probability: 1 });
  const event: CorpusEvent = {
    ...{ session: 's', n: 12, at: '2026-01-01T00:01:05.500Z', type: 'words.committed' },
    data: { words: [word('Good'), word('morning.')], through: 64 },
  };
  const line = eventLine(event, Date.parse('2026-01-01T00:00:00Z'));
  t.equal(line, '   12    01:05.5  words.committed      through 01:04.0: Good morning.');
});

t.test('segments stand under the names that people gave', async (t) => {
  const segment = (speaker: string, start: number, ...texts: string[]) => ({
    ...{ speaker, start, end: start + 1, overlap: false },
    words: texts.map((text) => ({ text, start, end: start + 1, probability: 1 })),
  });
  const result = {
    segments: [segment('SPEAKER_00', 0, 'Good', 'morning.'), segment('SPEAKER_01', 2, 'Hello.')],
    speakers: [
      { id: 'SPEAKER_00', name: 'Dr Ruiz', role: 'clinician' },
      { id: 'SPEAKER_01', role: 'unknown' },
    ],
  } as unknown as FinalResult;
  t.same(segmentLines(result), ['  00:00.0  Dr Ruiz     Good morning.', '  00:02.0  SPEAKER_01  Hello.']);
});

t.test('a slice without its place yet says so', async (t) => {
  const row = {
    ...{ chunk_id: 's_chunk_0_abcdef01', session_id: 's', chunk_number: 0 },
    ...{ timestamp_start: null, timestamp_end: null, transcription: '', audio_hash: '', created_at: '' },
  };
  t.match(rowLine(row), 's_chunk_0_abcdef01  not placed');
});

t.test('sessions are a table whose columns line up', async (t) => {
  const session: SessionSummary = {
    ...{ session: 'abcdefgh', owner: 'dr-a', tenant: 'north', events: 1200, slices: 9, state: 'open' },
    ...{ openedAt: '2026-01-01T00:00:00.000Z', lastEventAt: '2026-01-01T00:00:00.000Z' },
  };
  t.same(sessionTable([session]), [
    'session   opened                    state  slices  events  owner  tenant',
    'abcdefgh  2026-01-01T00:00:00.000Z  open   9       1200    dr-a   north',
  ]);
  t.equal(sessionTable([]).length, 1);
});
