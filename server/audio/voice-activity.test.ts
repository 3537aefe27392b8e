import t from 'tap';
import { createRandom } from '../speech/testing/consultation.ts';
import { createVoiceActivityDetector, findSpeech } from './voice-activity.ts';

const RATE = 16_000;
const random = createRandom(5);

/** A voiced sound: harmonics of 140 Hz, louder and softer as syllables are. */
function voice(seconds: number): Int16Array {
  return Int16Array.from({ length: seconds * RATE }, (_, n) => {
    let sample = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic++)
      sample += Math.sin((2 * Math.PI * 140 * harmonic * n) / RATE) / harmonic;
    return 3000 * sample * (0.6 + 0.4 * Math.sin((2 * Math.PI * 4 * n) / RATE));
  });
}
const silence = (seconds: number) => new Int16Array(seconds * RATE);
const noise = (seconds: number) => Int16Array.from({ length: seconds * RATE }, () => (random() - 0.5) * 600);
function join(...parts: Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

t.test('[S4] speech between silences is found where it is', async (t) => {
  const islands = findSpeech(join(silence(2), voice(1.5), silence(2), voice(1), silence(1)), 100);
  t.equal(islands.length, 2);
  const expected = [102, 103.5, 105.5, 106.5];
  const found = islands.flatMap((island) => [island.start, island.end]);
  for (const [index, at] of found.entries()) t.ok(Math.abs(at - expected[index]!) < 0.3, `${at}`);
});

t.test('[S4] silence and a quiet hiss are no speech', async (t) => {
  t.same(findSpeech(silence(5)), []);
  t.ok(findSpeech(noise(10)).reduce((sum, island) => sum + island.end - island.start, 0) < 1);
});

t.test('the same islands are found however the audio is cut', async (t) => {
  const audio = join(noise(1), voice(2), noise(1.3), voice(0.7), noise(2.02));
  const whole = findSpeech(audio);
  t.ok(whole.length > 0);
  for (const size of [333, 4801, 48_000]) {
    const detector = createVoiceActivityDetector();
    for (let at = 0; at < audio.length; at += size) detector.listen(audio.subarray(at, at + size));
    detector.skip(0);
    t.same(detector.islands, whole, `pieces of ${size} samples`);
    detector.close();
  }
});

t.test('a stretch without audio moves the timeline on', async (t) => {
  const detector = createVoiceActivityDetector();
  detector.listen(voice(1));
  detector.skip(60);
  detector.listen(voice(1));
  t.equal(detector.islands.length, 2);
  t.ok(Math.abs(detector.islands[1]!.start - 61) < 0.2);
  detector.forget(30);
  t.equal(detector.islands.length, 1);
  detector.close();
});
