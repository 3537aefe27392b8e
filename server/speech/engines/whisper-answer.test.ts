import t from 'tap';
import { languageCode } from './language-names.ts';
import { hypothesisOf, mergePieces } from './whisper-answer.ts';

const piece = (word: string, start?: number, end?: number, probability = 0.8) => ({
  word,
  start,
  end,
  probability,
});
const texts = (words: { text: string }[]) => words.map((word) => word.text);

t.test('pieces of words and punctuation become words', async (t) => {
  const table = [
    {
      pieces: [' And', ' so', ' my', ' fellow', ' Amer', 'icans', ','],
      words: ['And', 'so', 'my', 'fellow', 'Americans,'],
    },
    { pieces: ['Ask', ' not'], words: ['Ask', 'not'] },
    { pieces: [' stand', '-', 'in', '.'], words: ['stand-in.'] },
    { pieces: [' Yes', ' …', ' no', '!'], words: ['Yes…', 'no!'] },
    { pieces: [' ¿', 'Dónde', '?'], words: ['¿Dónde?'] },
    { pieces: [' .', ' ok'], words: ['ok'] },
    { pieces: ['頭', 'が', '痛い'], words: ['頭', 'が', '痛い'] },
    { pieces: [], words: [] },
  ];
  for (const { pieces, words } of table) {
    const timed = pieces.map((text, index) => piece(text, index, index + 0.5));
    t.strictSame(texts(mergePieces(timed, 30)), words, pieces.join('|'));
  }
});

t.test('times lie within the audio and in order, whatever the engine states', async (t) => {
  const words = mergePieces(
    [piece(' a', -0.01, 0.4), piece(' b', 0.3, 0.2), piece(' c'), piece(' d', 0.9, 7), piece(' e', 3.2, 3.4)],
    3,
  );
  t.strictSame(texts(words), ['a', 'b', 'c', 'd'], 'what is heard in the padding is not said');
  let last = 0;
  for (const { start, end } of words) {
    t.ok(start >= last && end >= start && end <= 3);
    last = end;
  }
  t.equal(mergePieces([piece(' am', 0, 1, 0.5), piece('en', 1, 2, 1)], 3)[0]?.probability, 0.75);
});

t.test('[S4] dropped segments are counted and leave no words', async (t) => {
  const said = { text: ' Good morning.', words: [piece(' Good', 0, 1), piece(' morning.', 1, 2)] };
  const made = {
    text: ' Thanks!',
    words: [piece(' Thanks!', 2, 3)],
    no_speech_prob: 0.95,
    avg_logprob: -1.7,
  };
  const heard = hypothesisOf({ segments: [said, made] }, { language: 'en', duration: 3 });
  t.strictSame(texts(heard.words), ['Good', 'morning.']);
  t.equal(heard.dropped, 1);
  const looped = { text: ' Thank you.', words: [piece(' Thank', 0, 1), piece(' you.', 1, 2)] };
  t.equal(hypothesisOf({ segments: Array(5).fill(looped) }, { language: 'en', duration: 3 }).dropped, 3);
});

t.test('the language is the one asked for, or the likeliest', async (t) => {
  const answer = { language: 'spanish', language_probabilities: { pt: 0.2, es: 0.7 }, segments: [] };
  t.match(hypothesisOf(answer, { language: 'pt', duration: 1 }), {
    language: 'pt',
    languageProbability: undefined,
  });
  t.match(hypothesisOf(answer, { language: 'auto', duration: 1 }), {
    language: 'es',
    languageProbability: 0.7,
  });
  t.match(hypothesisOf({ ...answer, language_probabilities: undefined }, { language: 'auto', duration: 1 }), {
    language: 'es',
  });
  for (const [name, code] of [
    ['english', 'en'],
    ['portuguese', 'pt'],
    ['Hebrew', 'he'],
    ['de', 'de'],
    ['klingonese', undefined],
  ]) {
    t.equal(languageCode(name as string), code);
  }
});
