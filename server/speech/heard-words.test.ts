import t from 'tap';
import { textOf, type Word } from '../../shared/transcript.ts';
import { heardWords } from './heard-words.ts';
import { promptFrom } from './prompt.ts';

const word = (text: string, start: number, end: number): Word => ({ text, start, end, probability: 1 });
const heard = (...words: Word[]) => heardWords(words, 100, 110, [{ start: 101, end: 104 }]);

t.test("times become the session's and stay within what was heard", async (t) => {
  t.match(heard(word(' a ', 1, 2), word('b', 3, 12)), [
    { text: 'a', start: 101, end: 102 },
    { text: 'b', start: 103, end: 110 },
  ]);
});

t.test('[S4] text on silence is left out', async (t) => {
  t.equal(textOf(heard(word('a', 1, 2), word('thanks', 6, 7), word('', 2, 3))), 'a');
});

t.test('[S4] a word written twice in the time of one stands once, one said twice stays', async (t) => {
  t.equal(textOf(heard(word('a', 1, 2), word('A', 1.1, 2))), 'a');
  t.equal(textOf(heard(word('no', 1, 1.4), word('no', 1.5, 1.9))), 'no no');
});

t.test('words without length are kept', async (t) => {
  t.equal(textOf(heard(word('a', 1, 1.5), word('b', 1.5, 1.5))), 'a b');
});

t.test('a prompt holds the terms that fit and the newest words', async (t) => {
  t.equal(promptFrom([], []), '');
  t.equal(promptFrom(['metformin', 'Ozempic'], []), 'metformin, Ozempic.');
  t.equal(promptFrom([], [word('take', 0, 1), word('two', 1, 2)]), 'take two');
  const long = promptFrom(
    Array.from({ length: 200 }, (_, n) => `term${n}`),
    Array.from({ length: 500 }, (_, n) => word(`word${n}`, n, n + 1)),
  );
  t.ok(long.length < 600);
  t.ok(long.startsWith('term0, term1') && long.endsWith('word499'));
});
