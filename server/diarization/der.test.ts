import t from 'tap';
import type { Turn } from '../../shared/transcript.ts';
import { compareTurns, type ErrorRateOptions, type ErrorTimes, errorRate } from './der.ts';

const turn = (speaker: string, start: number, end: number): Turn => ({ speaker, start, end });
const truth = [turn('A', 0, 10), turn('B', 10, 20)];
const times = (total: number, missed: number, falseAlarm: number, confusion: number): ErrorTimes => ({
  total,
  missed,
  falseAlarm,
  confusion,
});

const table: [string, Turn[], Turn[], ErrorRateOptions, ErrorTimes][] = [
  ['the same turns under other names', truth, [turn('x', 10, 20), turn('y', 0, 10)], {}, times(20, 0, 0, 0)],
  ['nothing found is all missed', truth, [], {}, times(20, 20, 0, 0)],
  ['nothing said is all false alarm', [], [turn('x', 0, 3)], {}, times(0, 0, 3, 0)],
  ['one speaker for two confuses the one heard less', truth, [turn('x', 0, 20)], {}, times(20, 0, 0, 10)],
  [
    'a change found 2 s late is 2 s of confusion',
    truth,
    [turn('x', 0, 12), turn('y', 12, 20)],
    {},
    times(20, 0, 0, 2),
  ],
  ['too short by 1 s, too long by 3 s', [turn('A', 0, 10)], [turn('x', 1, 13)], {}, times(10, 1, 3, 0)],
  ['overlap counts twice', [turn('A', 0, 10), turn('B', 6, 10)], [turn('x', 0, 10)], {}, times(14, 4, 0, 0)],
  [
    'overlap may be left out',
    [turn('A', 0, 10), turn('B', 6, 10)],
    [turn('x', 0, 10)],
    { skipOverlap: true },
    times(6, 0, 0, 0),
  ],
  [
    'a collar forgives 0.25 s on each side of a boundary of the reference',
    truth,
    [turn('x', 0, 10.25), turn('y', 10.25, 20.5)],
    { collar: 0.25 },
    times(19, 0, 0.25, 0),
  ],
  [
    'only a stretch may be scored',
    truth,
    [turn('x', 0, 40)],
    { within: { start: 5, end: 12 } },
    times(7, 0, 0, 2),
  ],
  [
    'one speaker’s turns that overlap count once',
    [turn('A', 0, 6), turn('A', 4, 10)],
    [turn('x', 0, 10)],
    {},
    times(10, 0, 0, 0),
  ],
  [
    'the mapping is best over the whole recording',
    [turn('A', 0, 4), turn('B', 4, 9), turn('A', 9, 10)],
    [turn('x', 0, 6), turn('y', 6, 10)],
    {},
    times(10, 0, 0, 3),
  ],
];

for (const [name, reference, hypothesis, options, expected] of table) {
  t.test(name, async (t) => {
    const actual = compareTurns(reference, hypothesis, options);
    for (const key of ['total', 'missed', 'falseAlarm', 'confusion'] as const) {
      t.ok(
        Math.abs(actual[key] - expected[key]) < 1e-9,
        `${key} is ${actual[key]}, expected ${expected[key]}`,
      );
    }
  });
}

t.test('the rate is the share of the speech', async (t) => {
  t.equal(errorRate(times(20, 1, 2, 3)), 0.3);
  t.equal(errorRate(times(0, 0, 0, 0)), 0);
  t.equal(errorRate(times(0, 0, 1, 0)), Number.POSITIVE_INFINITY);
});
