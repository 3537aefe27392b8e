import t from 'tap';
import { formatRttm, parseRttm } from './rttm.ts';

t.test('lines are written as pyannote writes them, and read again', async (t) => {
  const text = formatRttm('my clip', [{ speaker: 'SPEAKER_00', start: 0.8238, end: 4.2331 }]);
  t.equal(text, 'SPEAKER my_clip 1 0.824 3.409 <NA> <NA> SPEAKER_00 <NA> <NA>\n');
  const turn = parseRttm(text).get('my_clip')![0]!;
  t.equal(turn.speaker, 'SPEAKER_00');
  t.equal(turn.start, 0.824);
  t.ok(Math.abs(turn.end - 4.233) < 1e-9);
});

t.test('a time half way between two milliseconds goes to the even one', async (t) => {
  t.match(formatRttm('f', [{ speaker: 'A', start: 0.0625, end: 0.25 }]), ' 0.062 0.188 ');
});

t.test('files are kept apart, other lines passed over', async (t) => {
  const text =
    ';; comment\nSPKR-INFO a 1 <NA> <NA> <NA> unknown A <NA>\r\nSPEAKER a 1 0 1 <NA> <NA> A <NA> <NA>\r\n\nSPEAKER b 1 2 1 <NA> <NA> A <NA>\n';
  t.same(
    [...parseRttm(text)].map(([file, turns]) => [file, turns.length]),
    [
      ['a', 1],
      ['b', 1],
    ],
  );
});

t.test('a broken line is named', async (t) => {
  for (const line of ['SPEAKER a 1 x 1 <NA> <NA> A', 'SPEAKER a 1 0 -1 <NA> <NA> A', 'SPEAKER a 1 0 1']) {
    t.throws(() => parseRttm(`\n${line}`), { message: /^Line 2 / });
  }
});
