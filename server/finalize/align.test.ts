import t from 'tap';
import type { Turn, Word } from '../../shared/transcript.ts';
import { alignWords, sliceSpeakers } from './align.ts';

const word = (start: number, end: number, text = 'word'): Word => ({ text, start, end, probability: 1 });
const turn = (speaker: string, start: number, end: number): Turn => ({ speaker, start, end });
const alone = (turns: Turn[]) => ({ turns, exclusiveTurns: turns });

t.test('each word finds its speaker', async (t) => {
  const turns = [turn('A', 1, 3), turn('B', 3, 5)];
  const table: [string, Word, string][] = [
    ['inside a turn', word(1.5, 2), 'A'],
    ['across a change, mostly after it', word(2.8, 3.5), 'B'],
    ['across a change, mostly before it', word(2.5, 3.2), 'A'],
    ['half and half goes to who has it first', word(2.75, 3.25), 'A'],
    ['longer than a turn', word(0, 3.5), 'A'],
    ['without length, inside a turn', word(4, 4), 'B'],
    ['just before the first turn', word(0.2, 0.6), 'A'],
    ['exactly 0.5 s after the last', word(5.5, 6), 'B'],
    ['farther than 0.5 s from any', word(5.51, 6), 'unknown'],
  ];
  for (const [name, said, speaker] of table)
    t.equal(alignWords([said], alone(turns))[0]!.speaker, speaker, name);
});

t.test('a word in a gap goes to the nearer turn', async (t) => {
  const turns = alone([turn('A', 0, 1), turn('B', 1.8, 3)]);
  t.equal(alignWords([word(1.1, 1.3)], turns)[0]!.speaker, 'A');
  t.equal(alignWords([word(1.4, 1.7)], turns)[0]!.speaker, 'B');
});

t.test('without turns every word is under unknown', async (t) => {
  const segments = alignWords([word(0, 1), word(1, 2)], alone([]));
  t.match(segments, [{ speaker: 'unknown', start: 0, end: 2, overlap: false }]);
  t.equal(segments[0]!.words.length, 2);
  t.same(alignWords([], alone([turn('A', 0, 1)])), []);
});

t.test('consecutive words of one speaker merge, in the order of time', async (t) => {
  const turns = alone([turn('A', 0, 2), turn('B', 2, 4), turn('A', 4, 6)]);
  const words = [
    word(0, 1, 'one'),
    word(2, 3, 'three'),
    word(1, 2, 'two'),
    word(3, 4, 'four'),
    word(5, 6, 'five'),
  ];
  const segments = alignWords(words, turns);
  t.same(
    segments.map(({ speaker, start, end, words }) => [speaker, start, end, ...words.map(({ text }) => text)]),
    [
      ['A', 0, 2, 'one', 'two'],
      ['B', 2, 4, 'three', 'four'],
      ['A', 5, 6, 'five'],
    ],
  );
});

t.test('overlap is shown where another speaks during a word', async (t) => {
  const exclusiveTurns = [turn('A', 0, 4), turn('B', 4, 5)];
  const turns = [turn('A', 0, 4), turn('B', 2, 5)];
  const overlapOf = (said: Word) => alignWords([said], { turns, exclusiveTurns })[0]!.overlap;
  t.equal(overlapOf(word(0, 1)), false);
  t.equal(overlapOf(word(1, 2)), false, 'touching is no overlap');
  t.equal(overlapOf(word(1, 2.1)), true);
  t.equal(overlapOf(word(4.2, 5)), false);
  t.equal(
    alignWords([word(0, 1), word(2, 3)], { turns, exclusiveTurns })[0]!.overlap,
    true,
    'one word is enough',
  );
});

t.test('a slice belongs to who says most of its words', async (t) => {
  const segments = alignWords(
    [word(0, 2), word(2.5, 4), word(4, 6.5)],
    alone([turn('A', 0, 2), turn('B', 2, 7)]),
  );
  const slices = [
    { start: 0, end: 3 },
    { start: 3, end: 6 },
    { start: 6, end: 9 },
    { start: 9, end: 12 },
  ];
  t.same(sliceSpeakers(slices, segments), ['A', 'B', 'B', 'unknown']);
  t.same(sliceSpeakers(slices, []), ['unknown', 'unknown', 'unknown', 'unknown']);
});

t.test('a long turn that began long ago is still found', async (t) => {
  const turns = [turn('A', 0, 100), ...Array.from({ length: 20 }, (_, k) => turn('B', k, k + 0.1))];
  t.equal(alignWords([word(50, 51)], alone(turns))[0]!.speaker, 'A');
});
