import t from 'tap';
import { placeWords } from './place-words.ts';

const heard = (text: string, start = 0, end = 0) => ({ text, start, end, probability: 0.5 });
const times = (words: ReturnType<typeof placeWords>) =>
  words.map(({ text, start, end }) => `${text} ${start.toFixed(2)}-${end.toFixed(2)}`);

t.test('words heard both times have the times of the other hearing', async (t) => {
  const words = [heard('ask', 9), heard('not', 9.5)];
  t.strictSame(times(placeWords(words, [heard('ask', 1, 1.5), heard('not', 2, 2.4)], 5)), [
    'ask 1.00-1.50',
    'not 2.00-2.40',
  ]);
});

t.test('… and so have words heard otherwise', async (t) => {
  const words = ['not', 'what', 'your', 'country'].map((text) => heard(text));
  const timed = [heard('not', 1, 1.5), heard('what', 1.5, 2), heard('you', 2.5, 3), heard('are', 3, 3.2)];
  t.strictSame(times(placeWords(words, timed, 4)).slice(2), ['your 2.50-3.00', 'country 3.00-3.20']);
});

t.test('words heard once share the room between their neighbours', async (t) => {
  const words = ['and', 'so', 'my', 'fellow', 'americans'].map((text) => heard(text));
  const timed = [heard('so', 1, 1.5), heard('fellow', 2.5, 3)];
  t.strictSame(times(placeWords(words, timed, 4)), [
    'and 0.00-1.00',
    'so 1.00-1.50',
    'my 1.50-2.50',
    'fellow 2.50-3.00',
    'americans 3.00-4.00',
  ]);
});

t.test('without another hearing they are spread over the audio', async (t) => {
  t.strictSame(times(placeWords([heard('a'), heard('b')], [], 2)), ['a 0.00-1.00', 'b 1.00-2.00']);
  t.strictSame(placeWords([], [heard('c', 1, 2)], 2), []);
});
