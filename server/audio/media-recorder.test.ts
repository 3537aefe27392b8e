import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { findChromium, mediaRecorderSlices } from '../../fixtures/record-media-recorder.ts';
import { CodedError } from '../../shared/errors.ts';
import { systemClock } from '../clock.ts';
import { createDecoderFor } from './create-decoder.ts';
import { concatBytes, concatSamples, fromBytes } from './pcm.ts';
import { correlation, decodeByFfmpeg, hasFfmpeg } from './test-audio.ts';

const speechFile = resolve('../shared/audio/jfk.wav');
const cacheDirectory = join(tmpdir(), 'auscult-fixtures');
const create = createDecoderFor({ ffmpegPath: undefined, clock: systemClock });
const missing = [
  findChromium() ? [] : ['Chromium is not installed'],
  hasFfmpeg ? [] : ['ffmpeg is not installed'],
  existsSync(speechFile) ? [] : ['../shared/audio is absent'],
].flat();
const needs = { skip: missing.length > 0 ? missing.join(', ') : false, timeout: 120_000 };
const recorded = () => mediaRecorderSlices({ cacheDirectory, speechFile, slices: 100, timeSliceMs: 300 });

t.test(
  '100 slices of a real MediaRecorder decode to what ffmpeg makes of the whole file',
  needs,
  async (t) => {
    const slices = await recorded();
    t.equal(slices.length, 100);
    const decoder = create('audio/webm;codecs=opus');
    const parts: Int16Array[] = [];
    for (const slice of slices) parts.push(await decoder.push(slice));
    t.equal(parts.filter((part) => part.length > 0).length, 100, 'every slice gives samples as it arrives');
    parts.push(await decoder.end());
    const samples = concatSamples(parts);
    const expected = fromBytes(decodeByFfmpeg(concatBytes(...slices)));
    const likeness = correlation(samples, expected);
    t.ok(likeness >= 0.999, `correlation ${likeness}`);
    t.ok(
      Math.abs(samples.length - expected.length) <= 320,
      `${samples.length} samples, ffmpeg ${expected.length}`,
    );
  },
);

t.test('[I5] a damaged slice is refused, and the stream goes on in the next', needs, async (t) => {
  const slices = await recorded();
  for (const damaged of [0, 40]) {
    const decoder = create('audio/webm;codecs=opus');
    const heard: number[] = [];
    for (const [index, slice] of slices.slice(0, 60).entries()) {
      const bytes = index === damaged ? slice.map((byte, at) => byte ^ (at * 37 + 11)) : slice;
      try {
        heard.push((await decoder.push(bytes)).length);
      } catch (error) {
        t.ok(error instanceof CodedError, `slice ${index} is refused`);
        t.equal(index, damaged);
        heard.push(0);
      }
    }
    const missed = heard.filter((samples, index) => index !== damaged && samples === 0).length;
    t.equal(missed, 0, `slice ${damaged} damaged: all others give samples`);
    const typical = heard[damaged + 2]!;
    t.ok(heard[damaged + 1]! >= typical / 2, `the next slice gives ${heard[damaged + 1]} samples`);
  }
});
