import t from 'tap';
import { embeddingMasks } from './embedder.ts';
import { decodePowerset, POWERSET } from './powerset.ts';

t.test('each class becomes its set of speakers', async (t) => {
  const scores = new Float32Array(49).fill(-5);
  for (let k = 0; k < 7; k += 1) scores[k * 7 + k] = -0.1;
  const activity = decodePowerset(scores);
  POWERSET.forEach((speakers, frame) => {
    t.same(
      Array.from(activity.subarray(frame * 3, frame * 3 + 3)),
      [0, 1, 2].map((k) => (speakers.includes(k) ? 1 : 0)),
    );
  });
});

t.test('scores that are not numbers are silence, a wrong length is refused', async (t) => {
  t.same(Array.from(decodePowerset(new Float32Array(7).fill(Number.NaN))), [0, 0, 0]);
  t.throws(() => decodePowerset(new Float32Array(8)), RangeError);
});

t.test('overlap is left out of a speaker’s frames unless hardly any are left', async (t) => {
  const frames = [
    [1, 0],
    [1, 0],
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 1],
    [0, 0],
  ];
  const masks = embeddingMasks(Uint8Array.from(frames.flat()), 2, 2);
  t.same(Array.from(masks[0]!), [1, 1, 1, 0, 0, 0, 0], 'three frames alone');
  t.same(Array.from(masks[1]!), [0, 0, 0, 1, 1, 1, 0], 'two frames alone are too few');
});
