import t from 'tap';
import { textOf, type Word } from '../../shared/transcript.ts';
import { closeTail, decide, type Hearing, type LiveText, liveTextAt } from './commit-policy.ts';

/** `'a b'` from 1 s on: words of 0.4 s, one every half second. */
function words(text: string, from = 0): Word[] {
  const said = text.split(' ').filter((word) => word !== '');
  return said.map((word, index) => {
    const start = from + index * 0.5;
    return { text: word, start, end: start + 0.4, probability: 0.9 };
  });
}

const hearing = (heard: Word[], end: number, more: Partial<Hearing> = {}): Hearing => ({
  words: heard,
  end,
  full: false,
  ...more,
});

function follow(hearings: Hearing[], from: LiveText = liveTextAt(0, [])) {
  let text = from;
  const committed: Word[] = [];
  for (const one of hearings) {
    const decision = decide(text, one);
    committed.push(...decision.commit);
    text = decision.text;
  }
  return { committed: textOf(committed), tail: textOf(text.tail), text };
}

const cases: { name: string; hearings: Hearing[]; committed: string; tail: string }[] = [
  {
    name: 'one hypothesis commits nothing',
    hearings: [hearing(words('a b c'), 3)],
    committed: '',
    tail: 'a b c',
  },
  {
    name: 'two commit what both begin with',
    hearings: [hearing(words('a b x'), 1.4), hearing(words('a b c d e f'), 4)],
    committed: 'a b',
    tail: 'c d e f',
  },
  {
    name: 'case and punctuation do not matter, and the newer form is kept',
    hearings: [hearing(words('and so'), 1), hearing(words('And so, my fellow'), 4)],
    committed: 'And so,',
    tail: 'my fellow',
  },
  {
    name: 'a word at the edge stays in the tail, agreed or not',
    hearings: [hearing(words('a b c'), 1.3), hearing(words('a b c'), 1.65)],
    committed: 'a b',
    tail: 'c',
  },
  {
    name: 'the same audio heard again is no new evidence',
    hearings: [hearing(words('a b c'), 3), hearing(words('a b c'), 3)],
    committed: '',
    tail: 'a b c',
  },
  {
    name: 'a word that was missing at first holds back what follows it',
    hearings: [hearing(words('a c'), 2), hearing(words('a b c d'), 5), hearing(words('a b c d e f'), 8)],
    committed: 'a b c d',
    tail: 'e f',
  },
  {
    name: 'silence commits what lies before it',
    hearings: [hearing([...words('a b'), ...words('c', 2)], 3, { closedThrough: 1.2 })],
    committed: 'a b',
    tail: 'c',
  },
  {
    name: 'committed words heard again are not committed again',
    hearings: [
      hearing(words('a b c d'), 3),
      hearing(words('a b c d e f'), 6),
      hearing(words('c d e f g', 1), 9),
      hearing(words('e f g h', 2), 12, { closedThrough: 10 }),
    ],
    committed: 'a b c d e f g h',
    tail: '',
  },
  {
    name: '… also when they are timed later than before',
    hearings: [
      hearing(words('a b c d'), 3),
      hearing(words('a b c d e f'), 6),
      hearing(words('c d e f', 1.3), 9),
    ],
    committed: 'a b c d e f',
    tail: '',
  },
  {
    name: '… also when they are heard differently',
    hearings: [
      hearing(words('a b c d'), 3),
      hearing(words('a b c d e f'), 6),
      hearing(words('x y e f', 1), 9),
    ],
    committed: 'a b c d e f',
    tail: '',
  },
  {
    name: 'a word really said twice is kept twice',
    hearings: [hearing(words('oh no'), 1.2), hearing(words('oh no no'), 4), hearing(words('oh no no no'), 7)],
    committed: 'oh no no',
    tail: 'no',
  },
  {
    name: 'a full window commits its older words although nothing agrees',
    hearings: [
      hearing(words('x y', 0), 3),
      hearing([...words('a b c d'), ...words('e f', 28)], 30, { full: true }),
    ],
    committed: 'a b c d e',
    tail: 'f',
  },
  {
    name: 'nothing heard commits nothing',
    hearings: [hearing([], 3), hearing([], 6, { closedThrough: 5 })],
    committed: '',
    tail: '',
  },
];

for (const { name, hearings, committed, tail } of cases)
  t.test(`[S2] ${name}`, async (t) => {
    const result = follow(hearings);
    t.equal(result.committed, committed);
    t.equal(result.tail, tail);
  });

t.test('[S2] a full window without words still moves on', async (t) => {
  const { text } = follow([hearing([], 30, { full: true })]);
  t.ok(text.through > 25 && text.through < 30);
});

t.test('[S2] a new window begins in the pause after the last committed word', async (t) => {
  const { text } = follow([hearing(words('a b x'), 1.4), hearing(words('a b c d e f'), 4)]);
  t.ok(text.through > 0.9 && text.through < 1, `${text.through}`);
});

t.test('[S2] silence noticed later commits the tail as it was heard', async (t) => {
  const { text } = follow([hearing(words('a b c'), 3)]);
  const decision = closeTail(text, 1.7);
  t.equal(textOf(decision.commit), 'a b c');
  t.equal(decision.text.through, 1.7);
  t.same(decision.text.tail, []);
});

t.test('committed words are in order and do not overlap', async (t) => {
  const jumbled = [
    { text: 'a', start: 0, end: 1, probability: 1 },
    { text: 'b', start: 0.8, end: 0.9, probability: 1 },
    { text: 'c', start: 0.95, end: 1.5, probability: 1 },
  ];
  const { commit } = decide(liveTextAt(0, []), hearing(jumbled, 3, { closedThrough: 2 }));
  t.ok(commit.every((word, index) => word.end >= word.start && word.start >= (commit[index - 1]?.end ?? 0)));
});

t.test('after a restart the words before are known', async (t) => {
  const { committed } = follow(
    [hearing(words('c d e', 1), 3, { closedThrough: 3 })],
    liveTextAt(1.95, words('a b c d')),
  );
  t.equal(committed, 'e');
});
