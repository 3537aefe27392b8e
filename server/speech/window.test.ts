import t from 'tap';
import type { Word } from '../../shared/transcript.ts';
import { type LiveText, liveTextAt } from './commit-policy.ts';
import { glanceAt, type NextStep, nextStep, type Timeline } from './window.ts';

const word = (start: number, end: number): Word => ({ text: 'word', start, end, probability: 1 });
const at = (through: number, more: Partial<LiveText> = {}): LiveText => ({
  ...liveTextAt(through, []),
  ...more,
});

const cases: { name: string; timeline: Partial<Timeline>; text: LiveText; step: Partial<NextStep> }[] = [
  {
    name: 'silence is passed',
    timeline: { position: 6 },
    text: at(0),
    step: { kind: 'silence', through: 5.7 },
  },
  { name: '… once', timeline: { position: 6 }, text: at(5.7), step: { kind: 'wait' } },
  {
    name: '… to the end when there is no more',
    timeline: { position: 6, ended: true },
    text: at(5.7),
    step: { kind: 'silence', through: 6 },
  },
  {
    name: 'speech that goes on is heard from a little before it to the newest sample',
    timeline: { islands: [{ start: 1, end: 3 }], position: 3 },
    text: at(0),
    step: { kind: 'hear', start: 0.7, end: 3, full: false },
  },
  {
    name: 'too little new audio is waited for',
    timeline: { islands: [{ start: 1, end: 3.5 }], position: 3.5 },
    text: at(0, { heardTo: 3 }),
    step: { kind: 'wait' },
  },
  {
    name: 'silence after speech closes it and ends the window',
    timeline: { islands: [{ start: 1, end: 2 }], position: 6 },
    text: at(0),
    step: { kind: 'hear', start: 0.7, end: 2.3, closedThrough: 2.3 },
  },
  {
    name: 'the tail of what was heard to its end is closed without asking',
    timeline: { islands: [{ start: 1, end: 2.5 }], position: 6 },
    text: at(0, { heardTo: 3, tail: [word(2, 2.4)] }),
    step: { kind: 'close', through: 2.8 },
  },
  {
    name: 'committed words just before are heard again',
    timeline: { islands: [{ start: 1, end: 9 }], position: 9 },
    text: at(6, { heardTo: 6, recent: [word(2, 3), word(4.25, 4.75), word(5, 6)] }),
    step: { kind: 'hear', start: 4.9, end: 9 },
  },
  {
    name: 'an engine that is behind hears several utterances at once',
    timeline: {
      islands: [
        { start: 1, end: 5 },
        { start: 6, end: 9 },
        { start: 10.5, end: 20 },
      ],
      position: 20,
    },
    text: at(0),
    step: { kind: 'hear', start: 0.7, end: 20, closedThrough: 9.3 },
  },
  {
    name: 'a long silence is not among them',
    timeline: {
      islands: [
        { start: 1, end: 5 },
        { start: 25, end: 28 },
      ],
      position: 40,
    },
    text: at(0),
    step: { kind: 'hear', start: 0.7, end: 5.3 },
  },
  {
    name: '[S3] windows grow to the longest that the engine takes and then must move on',
    timeline: { islands: [{ start: 1, end: 90 }], position: 90 },
    text: at(0),
    step: { kind: 'hear', start: 0.7, end: 30.7, full: true },
  },
];

for (const { name, timeline, text, step } of cases)
  t.test(name, async (t) => {
    t.match(nextStep({ islands: [], position: 0, ended: false, ...timeline }, text), step);
  });

const glances = [
  {
    name: 'the newest words are glanced at from the pause before the one last heard',
    tail: [word(3, 4), word(4.1, 5), word(5.2, 6)],
    from: 5.1,
    kept: 2,
  },
  {
    name: 'nothing was said where the last hearing ended: a glance begins a little before what is new',
    tail: [word(3, 4), word(4.1, 5)],
    from: 5.6,
    kept: 2,
  },
  {
    name: 'a glance that would save little is not worth it',
    tail: [word(1, 1.4), word(1.4, 1.8)],
    heardTo: 1.8,
    end: 4.8,
    from: undefined,
  },
  {
    name: 'a word that was stretched to the end of the last hearing is not heard again',
    tail: [word(3, 4), word(4.1, 6)],
    from: 5.6,
    kept: 2,
  },
  { name: 'what was heard without a word is not heard again first', tail: [], from: 5.6, kept: 0 },
  {
    name: 'an engine that is behind does not glance',
    tail: [word(3, 4), word(5.2, 6)],
    end: 11,
    from: undefined,
  },
];
for (const { name, tail, from, kept, heardTo = 6, end = 9 } of glances) {
  t.test(name, async (t) => {
    const glance = glanceAt(at(1, { heardTo, tail }), { start: 1, end });
    t.equal(glance?.start.toFixed(3), from?.toFixed(3));
    t.equal(glance?.kept.length, kept);
  });
}
