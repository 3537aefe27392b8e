import t from 'tap';
import type { Word } from '../../shared/transcript.ts';
import { assessQuality, type QualityInput } from './quality.ts';

const text = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ');
const words = (said: string, probability = 0.9): Word[] =>
  said.split(' ').map((word, index) => ({ text: word, start: index, end: index + 1, probability }));
const sound: QualityInput = {
  words: words(text(300)),
  speech: 120,
  language: 'es',
  heardAs: ['es', 'es', 'es'],
  dropped: 0,
};

const cases: { name: string; input: Partial<QualityInput>; warnings: string[] }[] = [
  { name: 'a sound transcript', input: {}, warnings: [] },
  { name: 'hardly any words for much speech', input: { speech: 900 }, warnings: ['SPEECH_RATE'] },
  { name: 'more words than anybody speaks', input: { speech: 61 }, warnings: ['SPEECH_RATE'] },
  { name: 'too little speech to judge', input: { words: words('yes'), speech: 5 }, warnings: [] },
  { name: 'no words at all for two minutes of speech', input: { words: [] }, warnings: ['SPEECH_RATE'] },
  {
    name: 'a word over and over',
    input: { words: words(`${text(280)}${' the'.repeat(20)}`) },
    warnings: ['REPETITION'],
  },
  {
    name: 'a phrase over and over',
    input: { words: words(`${text(280)}${' and then'.repeat(12)}`) },
    warnings: ['REPETITION'],
  },
  { name: 'a word said twice', input: { words: words(`${text(280)} no no`) }, warnings: [] },
  { name: 'heard in another language', input: { heardAs: ['es', 'pt', 'pt'] }, warnings: ['LANGUAGE_MIXED'] },
  { name: 'an unsure recogniser', input: { words: words(text(300), 0.3) }, warnings: ['LOW_PROBABILITY'] },
  { name: 'much text on silence', input: { dropped: 40 }, warnings: ['TEXT_ON_SILENCE'] },
];

for (const { name, input, warnings } of cases)
  t.test(name, async (t) => {
    const quality = assessQuality({ ...sound, ...input });
    t.same(
      quality.warnings.map((warning) => warning.code),
      warnings,
    );
  });

t.test('the figures are those of the words', async (t) => {
  const half = [...words(text(150)), ...words(text(150), 0.2)];
  t.match(assessQuality({ ...sound, words: half }), {
    wordsPerMinute: 150,
    lowProbability: 0.5,
    repetition: 0,
  });
});

t.test('[C4] a warning holds no word of the text', async (t) => {
  const { warnings } = assessQuality({
    ...sound,
    words: words('secreto '.repeat(300).trim(), 0.1),
    dropped: 300,
  });
  t.ok(warnings.length > 2);
  t.notOk(JSON.stringify(warnings).includes('secreto'));
});
