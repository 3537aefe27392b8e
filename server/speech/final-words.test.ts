import t from 'tap';
import { textOf, type Word } from '../../shared/transcript.ts';
import { finalWords } from './final-words.ts';

const word = (text: string, start: number, end: number): Word => ({ text, start, end, probability: 1 });
const live = [word('a', 0, 1), word('b', 9, 9.5), word('c', 9.8, 10.4), word('d', 12, 13), word('e', 21, 22)];

const cases = [
  { name: 'no second pass: the live words stand', stretches: [], text: 'a b c d e' },
  {
    name: 'the second pass stands where it has been',
    stretches: [{ start: 0, end: 10, words: [word('A', 0, 1), word('B', 9, 9.5)] }],
    text: 'A B c d e',
  },
  {
    name: 'a missing stretch in the middle is filled from the live words',
    stretches: [
      { start: 20, end: 30, words: [word('E', 21, 22)] },
      { start: 0, end: 10.5, words: [word('A', 0, 1), word('B', 9, 9.5), word('C', 9.8, 10.4)] },
    ],
    text: 'A B C d E',
  },
  {
    name: 'a word that both sides of a border heard stands once',
    stretches: [
      { start: 0, end: 10, words: [word('A', 0, 1), word('C', 9.6, 10.3)] },
      { start: 10, end: 30, words: [word('C', 9.8, 10.5), word('D', 12, 13)] },
    ],
    text: 'A C D',
  },
  {
    name: 'a word that both sides of a border left to the other is taken from the live words',
    stretches: [
      { start: 0, end: 10, words: [word('A', 0, 1), word('B', 9, 9.5)] },
      { start: 10, end: 30, words: [word('D', 12, 13)] },
    ],
    text: 'A B c D',
  },
  {
    name: 'words that the second pass did not hear inside a stretch are gone',
    stretches: [{ start: 0, end: 30, words: [word('A', 0, 1)] }],
    text: 'A',
  },
  {
    name: 'the newest transcription of a stretch stands',
    stretches: [
      { start: 0, end: 30, words: [word('old', 0, 1)] },
      { start: 0, end: 30, words: [word('new', 0, 1)] },
    ],
    text: 'new',
  },
  {
    name: 'a word said twice across a border stays twice',
    stretches: [
      { start: 0, end: 10, words: [word('no', 9.5, 9.9)] },
      { start: 10, end: 30, words: [word('no', 10.1, 10.5)] },
    ],
    text: 'no no',
  },
];

for (const { name, stretches, text } of cases)
  t.test(`[F3] ${name}`, async (t) => {
    t.equal(textOf(finalWords(stretches, live)), text);
  });
