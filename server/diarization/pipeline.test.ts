import t from 'tap';
import type { WindowAnalysis } from './diarizer.ts';
import { FRAMES_PER_WINDOW } from './frames.ts';
import { createRandom } from './kmeans.ts';
import { conclude } from './pipeline.ts';

const DIMENSION = 16;
const SEED = 5;
const random = createRandom(SEED);

/** A talk: who speaks from when to when, as the networks would hear it, window by window. */
function hear(duration: number, turns: { speaker: number; start: number; end: number }[]): WindowAnalysis[] {
  const windows = Math.max(1, Math.ceil(duration - 10) + 1);
  return Array.from({ length: windows }, (_, index) => {
    const heard = [
      ...new Set(
        turns.filter(({ start, end }) => start < index + 10 && end > index).map(({ speaker }) => speaker),
      ),
    ];
    const activity = new Uint8Array(FRAMES_PER_WINDOW * 3);
    const embeddings = new Float32Array(3 * DIMENSION).fill(Number.NaN);
    heard.forEach((speaker, local) => {
      for (let frame = 0; frame < FRAMES_PER_WINDOW; frame += 1) {
        const time = index + (frame + 0.5) * 0.016875;
        const speaks = turns.some(
          (turn) => turn.speaker === speaker && turn.start <= time && time < turn.end,
        );
        activity[frame * 3 + local] = speaks ? 1 : 0;
      }
      for (let k = 0; k < DIMENSION; k += 1) {
        embeddings[local * DIMENSION + k] = (k === speaker ? 1 : 0) + 0.02 * (random() - 0.5);
      }
    });
    return { index, activity, frames: FRAMES_PER_WINDOW, speakers: 3, embeddings };
  });
}

const turn = (speaker: number, start: number, end: number) => ({ speaker, start, end });
const dialogue = [turn(0, 0, 12), turn(1, 12, 25), turn(0, 25, 31), turn(1, 30, 40)];

t.test(
  'two speakers are told apart, by order of appearance, and never overlap in exclusive turns',
  async (t) => {
    t.comment(`seed ${SEED}`);
    const result = conclude(hear(40, dialogue), { duration: 40 });
    t.same(result.speakers, ['SPEAKER_00', 'SPEAKER_01']);
    t.same(
      result.turns.map(({ speaker }) => speaker),
      ['SPEAKER_00', 'SPEAKER_01', 'SPEAKER_00', 'SPEAKER_01'],
    );
    result.turns.forEach(({ start, end }, index) => {
      t.ok(Math.abs(start - dialogue[index]!.start) < 0.1 && Math.abs(end - dialogue[index]!.end) < 0.1);
    });
    const exclusive = result.exclusiveTurns;
    t.ok(exclusive.every(({ start }, index) => index === 0 || start >= exclusive[index - 1]!.end - 1e-9));
    t.equal(result.centroids.length, 2);
    t.ok(result.centroids[1]![1]! > 0.9, 'the second speaker’s voice');
  },
);

t.test('without the PLDA the result says so', async (t) => {
  const result = conclude(hear(40, dialogue), { duration: 40 });
  t.equal(result.method, 'agglomerative');
  t.match(result.warnings, [{ code: 'PLDA_MISSING' }]);
});

t.test('silence and an empty recording have no speakers', async (t) => {
  for (const windows of [[], hear(20, [])]) {
    const result = conclude(windows, { duration: 20 });
    t.match(result, { speakers: [], turns: [], exclusiveTurns: [], centroids: [] });
  }
});

t.test('one speaker, and a session of two seconds', async (t) => {
  t.same(conclude(hear(30, [turn(0, 1, 29)]), { duration: 30 }).speakers, ['SPEAKER_00']);
  const short = conclude(hear(2, [turn(0, 0.5, 3)]), { duration: 2 });
  t.same(short.speakers, ['SPEAKER_00']);
  t.match(short.turns, [{ speaker: 'SPEAKER_00', end: 2 }], 'no turn reaches past the end');
});

t.test('speech too short to train on has a speaker whose voice is not known', async (t) => {
  const result = conclude(hear(10, [turn(0, 4, 5)]), { duration: 10 });
  t.equal(result.turns.length, 1);
  t.same(result.centroids, [new Float32Array(DIMENSION)]);
});

t.test('embeddings that are not numbers neither fail nor win', async (t) => {
  const windows = hear(40, dialogue);
  for (const position of [3, 4, 5]) windows[position]!.embeddings.fill(Number.NaN);
  windows[6]!.embeddings.fill(Number.POSITIVE_INFINITY);
  windows[7]!.embeddings.fill(0);
  t.equal(conclude(windows, { duration: 40 }).speakers.length, 2);
  for (const window of windows) window.embeddings.fill(Number.NaN);
  t.equal(
    conclude(windows, { duration: 40 }).centroids.length,
    2,
    'overlap was counted, though nobody is told apart',
  );
});

t.test('a given number of speakers is kept to', async (t) => {
  const windows = hear(60, [turn(0, 0, 20), turn(1, 20, 40), turn(2, 40, 60)]);
  const count = (options: object) => conclude(windows, { duration: 60, ...options }).speakers.length;
  t.equal(count({}), 3);
  t.equal(count({ numSpeakers: 2 }), 2);
  t.equal(count({ maxSpeakers: 1 }), 1);
  t.equal(count({ minSpeakers: 2, maxSpeakers: 5 }), 3);
  t.equal(count({ minSpeakers: 4 }), 4);
  const tooMany = conclude(hear(2, [turn(0, 0.5, 3)]), { duration: 2, numSpeakers: 3 });
  t.ok(tooMany.warnings.some(({ code }) => code === 'SPEAKER_COUNT_OUT_OF_BOUNDS'));
});

t.test('bounds that contradict each other and windows that do not fit are refused', async (t) => {
  const windows = hear(12, [turn(0, 0, 12)]);
  t.throws(() => conclude(windows, { duration: 12, minSpeakers: 3, maxSpeakers: 2 }), RangeError);
  t.throws(() => conclude(windows, { duration: 12, numSpeakers: 0 }), RangeError);
  t.throws(() => conclude(windows, { duration: 12, numSpeakers: 1.5 }), RangeError);
  t.throws(() => conclude(windows.slice(1), { duration: 12 }), { message: 'Window 0 is missing.' });
  const cut = { ...windows[1]!, activity: new Uint8Array(5) };
  t.throws(() => conclude([windows[0]!, cut], { duration: 12 }), { message: /^Window 1 / });
});

t.test('a phantom is absorbed into the most similar speaker, if asked for', async (t) => {
  const windows = hear(60, [turn(0, 0, 25), turn(2, 25, 28), turn(1, 28, 60)]);
  for (const { embeddings } of windows) {
    for (let local = 0; local < 3; local += 1) {
      // The third voice is rather like the second.
      if (embeddings[local * DIMENSION + 2]! > 0.9) embeddings[local * DIMENSION + 1] = 0.4;
    }
  }
  const phantomSeconds = 4;
  t.equal(conclude(windows, { duration: 60 }, { aloneThreshold: 0.3 }).speakers.length, 3);
  const absorbed = conclude(windows, { duration: 60 }, { aloneThreshold: 0.3, phantomSeconds });
  t.equal(absorbed.speakers.length, 2);
  t.ok(
    absorbed.turns.some(({ speaker, start, end }) => speaker === 'SPEAKER_01' && start < 25.1 && end > 59),
  );
  const wanted = conclude(windows, { duration: 60, numSpeakers: 3 }, { aloneThreshold: 0.3, phantomSeconds });
  t.equal(wanted.speakers.length, 3, 'not where that many were asked for');
});

t.test('of more voices than the limit an even choice is used, and said', async (t) => {
  const result = conclude(hear(40, dialogue), { duration: 40 }, { trainingLimit: 10 });
  t.equal(result.speakers.length, 2);
  t.ok(result.warnings.some(({ code }) => code === 'SPEAKERS_FROM_SUBSET'));
});
