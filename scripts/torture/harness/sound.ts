/** A consultation in the tone language, as the slices that a page would send. */
import { createHash } from 'node:crypto';
import type { RecordedSlice } from '../../../client/connection/connection.ts';
import { naturalRhythm, renderToneSpeech } from '../../../fixtures/engines/tone-speech.ts';
import { seededRandom, toneWords } from '../../../fixtures/engines/tone-vocabulary.ts';
import { SAMPLE_RATE } from '../../../server/audio/stream-decoder.ts';
import { encode, wavFile } from '../../../server/audio/test-audio.ts';

export interface Sound {
  slices: RecordedSlice[];
  /** What is said, in order. */
  words: string[];
}

/** `compressed`: WebM with Opus, cut anywhere, as Chromium sends it; `plain`: a WAV of its own in every slice. */
export type SliceFormat = 'compressed' | 'plain';

const SLICE_SECONDS = 3;

export const sha256 = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** `words` are said one after another, in `epochs` recorder starts that alternate between the formats. */
export function recordTones(
  words: readonly string[],
  options: { seed: number; epochs?: readonly SliceFormat[] },
): Sound {
  const { audio } = renderToneSpeech(words, { seed: options.seed, rhythm: naturalRhythm });
  const epochs = options.epochs ?? ['compressed', 'plain'];
  const perEpoch = Math.ceil(audio.length / epochs.length);
  const slices = epochs.flatMap((format, epoch) =>
    sliceUp(audio.subarray(epoch * perEpoch, (epoch + 1) * perEpoch), format, epoch),
  );
  return { slices, words: [...words] };
}

function sliceUp(samples: Int16Array, format: SliceFormat, epoch: number): RecordedSlice[] {
  const count = Math.max(1, Math.round(samples.length / SAMPLE_RATE / SLICE_SECONDS));
  const parts = Array.from({ length: count }, (_, index) => [
    Math.floor((index * samples.length) / count),
    Math.floor(((index + 1) * samples.length) / count),
  ]) as [number, number][];
  const whole = format === 'compressed' ? encode(samples, 'webm') : undefined;
  return parts.map(([from, to]) => {
    const bytes =
      whole === undefined
        ? wavFile(samples.subarray(from, to))
        : whole.slice(
            Math.floor((from / samples.length) * whole.length),
            Math.floor((to / samples.length) * whole.length),
          );
    const data = new Uint8Array(bytes);
    return {
      epoch,
      mime: format === 'compressed' ? 'audio/webm;codecs=opus' : 'audio/wav',
      sha256: sha256(data),
      durationMs: ((to - from) / SAMPLE_RATE) * 1000,
      capturedAt: 1_767_225_600_000 + epoch * 1_000_000 + from,
      data,
    };
  });
}

/** `count` words, none said twice, so that each of them shows where it was lost or doubled. */
export function differentWords(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  return [...toneWords]
    .map((word) => ({ word, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ word }) => word);
}
