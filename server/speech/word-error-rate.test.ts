import t from 'tap';
import { wordErrorRate } from './word-error-rate.ts';

const cases = [
  { said: 'one two three', heard: 'One, two THREE.', S: 0, I: 0, D: 0, rate: 0 },
  { said: 'one two three', heard: 'one too three', S: 1, I: 0, D: 0, rate: 1 / 3 },
  { said: 'one two three', heard: 'one two two three', S: 0, I: 1, D: 0, rate: 1 / 3 },
  { said: 'one two three four', heard: 'one three', S: 0, I: 0, D: 2, rate: 0.5 },
  { said: 'a b c d e', heard: 'x b d e f', S: 1, I: 1, D: 1, rate: 3 / 5 },
  { said: 'não é', heard: 'na\u0303o e\u0301', S: 0, I: 0, D: 0, rate: 0 },
  { said: 'one', heard: '', S: 0, I: 0, D: 1, rate: 1 },
  { said: '', heard: '', S: 0, I: 0, D: 0, rate: 0 },
  { said: '', heard: 'one', S: 0, I: 1, D: 0, rate: Number.POSITIVE_INFINITY },
];

for (const { said, heard, S, I, D, rate } of cases)
  t.test(`"${said}" heard as "${heard}"`, async (t) => {
    const errors = wordErrorRate(said, heard);
    t.same([errors.substitutions, errors.insertions, errors.deletions], [S, I, D]);
    t.equal(errors.rate, rate);
  });
