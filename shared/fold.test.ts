import t from 'tap';
import { emptyTranscript, foldTranscript, labelOf, type PublishedEvent, paragraphs } from './fold.ts';

const at = '2026-01-01T10:00:00.000Z';
const word = (text: string, start: number, end = start + 0.3, probability = 0.9) => ({
  text,
  start,
  end,
  probability,
});
const foldAll = (events: [string, unknown][]) =>
  events
    .map(([event, data], index): PublishedEvent => ({ n: index + 1, at, event, data }))
    .reduce(foldTranscript, emptyTranscript);

const slice = (seq: number) => ({
  seq,
  epoch: 0,
  mime: 'audio/webm',
  audioHash: `sha256:${'0'.repeat(64)}`,
  bytes: 10,
  durationMs: 3000,
  capturedAt: 1,
});

t.test('a session as the page sees it', async (t) => {
  const table: [string, [string, unknown][], Record<string, unknown>][] = [
    [
      'opening',
      [['session.opened', { language: 'es', owner: 'a', tenant: 't' }]],
      { language: 'es', openedAt: at, last: 1 },
    ],
    ['consent', [['consent.recorded', { by: 'a', statement: 's' }]], { consent: true }],
    [
      'a slice stored, then decoded',
      [
        ['slice.received', slice(0)],
        ['slice.decoded', { seq: 0, start: 0, end: 3 }],
      ],
      { stored: 1, timeline: 3, gaps: [] },
    ],
    [
      '[I5] a slice that cannot be decoded is a gap on the timeline',
      [
        ['slice.received', slice(0)],
        ['slice.degraded', { seq: 0, start: 0, end: 3, reason: 'DECODE_DEGRADED' }],
      ],
      { stored: 1, timeline: 3, gaps: [{ start: 0, end: 3 }] },
    ],
    [
      '[S2] committed words are added in order',
      [
        ['words.committed', { words: [word('good', 0)], through: 1 }],
        ['words.committed', { words: [word('morning', 1)], through: 2 }],
        ['words.committed', { words: [], through: 5 }],
      ],
      { words: [word('good', 0), word('morning', 1)], through: 5 },
    ],
    ['language', [['language.settled', { language: 'pt', probability: 0.8 }]], { settled: 'pt' }],
    ['pause', [['session.paused', { at: 6 }]], { phase: 'paused', pauses: [6] }],
    [
      'resume',
      [
        ['session.paused', { at: 6 }],
        ['session.resumed', { at: 6 }],
      ],
      { phase: 'recording', pauses: [6] },
    ],
    [
      '[F1] a failed try is not the end',
      [
        ['finish.requested', { request: 'r', by: 'a' }],
        ['finish.started', { request: 'r', attempt: 1 }],
        ['finish.failed', { request: 'r', attempt: 1, code: 'FINALIZE_FAILED', reason: '', final: false }],
      ],
      { phase: 'finishing' },
    ],
    [
      '[F3] the last failed try is',
      [
        ['finish.requested', { request: 'r', by: 'a' }],
        ['finish.failed', { request: 'r', attempt: 3, code: 'FINALIZE_FAILED', reason: '', final: true }],
      ],
      {
        phase: 'failed',
        finish: { request: 'r', attempt: 3, failed: { code: 'FINALIZE_FAILED', final: true } },
      },
    ],
    [
      'a finished session may be asked for again',
      [
        ['finish.completed', { request: 'r', warnings: ['SPEAKERS_MISSING'], speakers: 0, words: 3 }],
        ['finish.requested', { request: 'r2', by: 'a', numSpeakers: 2 }],
      ],
      { phase: 'finishing', finish: { request: 'r2', attempt: 0 }, warnings: [] },
    ],
    [
      'erasure takes the words away',
      [
        ['words.committed', { words: [word('good', 0)], through: 1 }],
        ['session.erased', { by: 'a', reason: 'asked' }],
      ],
      { erased: true, words: [] },
    ],
    ['an event that does not concern the page', [['session.read', { by: 'a', what: 'x' }]], { last: 1 }],
    ['data of another shape', [['words.committed', { words: 'x' }]], { last: 1, words: [] }],
  ];
  for (const [name, events, expected] of table) t.match(foldAll(events), expected, name);
});

t.test('folding an event twice changes nothing', async (t) => {
  const event = { n: 1, at, event: 'words.committed', data: { words: [word('once', 0)], through: 1 } };
  const state = foldTranscript(emptyTranscript, event);
  t.equal(foldTranscript(state, event), state);
});

t.test('the newest correction of a speaker stands, and can be taken back', async (t) => {
  const events: [string, unknown][] = [
    ['speaker.labelled', { speaker: 'SPEAKER_00', name: 'Ana', by: 'a' }],
    ['speaker.labelled', { speaker: 'SPEAKER_00', name: 'Anna', role: 'clinician', by: 'a' }],
    ['speaker.labelled', { speaker: 'SPEAKER_00', by: 'a', undoes: 2 }],
  ];
  t.same(labelOf(foldAll(events.slice(0, 2)), 'SPEAKER_00'), { name: 'Anna', role: 'clinician' });
  t.same(labelOf(foldAll(events), 'SPEAKER_00'), { name: 'Ana' });
  t.same(labelOf(foldAll(events), 'SPEAKER_01'), {});
  const finished = { request: 'r', warnings: [], speakers: 2, words: 1 };
  const finish = (data: object) => foldAll([...events, ['finish.completed', { ...finished, ...data }]]);
  t.same(labelOf(finish({}), 'SPEAKER_00'), {}, 'until speakers are told apart anew');
  t.same(
    labelOf(finish({ sameSpeakers: true }), 'SPEAKER_00'),
    { name: 'Ana' },
    'but where only the text is new',
  );
});

t.test('paragraphs break at silences, and at a sentence end once they are long', async (t) => {
  const sizes = (words: Parameters<typeof paragraphs>[0], options = {}) =>
    paragraphs(words, options).map((paragraph) => paragraph.length);
  t.same(sizes([]), []);
  t.same(sizes([word('a', 0), word('b', 0.4), word('c', 4)]), [2, 1]);
  t.same(sizes([word('a.', 0), word('b.', 0.4), word('c', 0.8)], { length: 2 }), [2, 1]);
  t.same(sizes([word('a', 0), word('b', 0.4), word('c', 0.8)], { length: 2 }), [3]);
});
