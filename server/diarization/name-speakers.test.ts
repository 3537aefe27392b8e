import t from 'tap';
import { type KnownVoice, nameSpeakers } from './name-speakers.ts';

/** A voice in the plane: at an angle of so many degrees. */
const at = (degrees: number, length = 1) =>
  Float32Array.of(length * Math.cos((degrees * Math.PI) / 180), length * Math.sin((degrees * Math.PI) / 180));
const known = (name: string, embedding: Float32Array, embedder = 'e'): KnownVoice => ({
  ...{ name, embedder, embedding },
});
const ruiz = known('Dr Ruiz', at(0));
const silva = known('Dra Silva', at(40));
// cos 30° = 0.87, cos 60° = 0.5
const THRESHOLD = 0.8;

const cases: [why: string, centroids: Float32Array[], voices: KnownVoice[], names: (string | undefined)[]][] =
  [
    ['close enough takes the name, another stays', [at(90), at(10)], [ruiz], [undefined, 'Dr Ruiz']],
    ['the nearest that is not close enough stays', [at(60)], [ruiz], [undefined]],
    ['of two that are close, the closer one is meant', [at(10), at(20)], [ruiz], ['Dr Ruiz', undefined]],
    ['the order of the speakers decides nothing', [at(20), at(10)], [ruiz], [undefined, 'Dr Ruiz']],
    ['two as close as each other: neither', [at(10), at(10)], [ruiz], [undefined, undefined]],
    ['a speaker like two voices alike is neither', [at(20)], [ruiz, known('Other', at(0))], [undefined]],
    [
      'whose voice is taken does not get the second best',
      [at(1), at(5)],
      [ruiz, silva],
      ['Dr Ruiz', undefined],
    ],
    ['each their own', [at(41), at(-1)], [ruiz, silva], ['Dra Silva', 'Dr Ruiz']],
    ['length says nothing', [at(10, 0.01)], [known('Dr Ruiz', at(0, 7))], ['Dr Ruiz']],
    ['a zero centroid is no voice', [at(0, 0)], [ruiz], [undefined]],
    ['a zero sample is no voice', [at(0)], [known('Nobody', at(0, 0))], [undefined]],
    ['nor is one with values that are no numbers', [Float32Array.of(Number.NaN, 1)], [ruiz], [undefined]],
    ['voices of another embedder never compare', [at(0)], [known('Dr Ruiz', at(0), 'other')], [undefined]],
    ['nor do those of another length', [Float32Array.of(1, 0, 0)], [ruiz], [undefined]],
    ['nobody known', [at(0)], [], [undefined]],
    ['nobody heard', [], [ruiz], []],
  ];

for (const [why, centroids, voices, names] of cases) {
  t.test(why, async (t) => {
    t.same(nameSpeakers({ embedder: 'e', centroids }, voices, THRESHOLD), names);
  });
}

t.test('even a threshold of nothing names no zero vector', async (t) => {
  t.same(nameSpeakers({ embedder: 'e', centroids: [at(0, 0)] }, [ruiz], 0), [undefined]);
});
