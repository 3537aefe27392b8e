/** Recordings cut into slices as a page would send them: complete WAV files, 16 kHz mono. */
import { SAMPLE_RATE } from '../../server/audio/stream-decoder.ts';
import { encodeWav } from '../../server/speech/engines/wav.ts';
import { audioHashOf } from '../client/audio-hash.ts';
import type { RecordedSlice } from '../client/node-client.ts';

export const SLICE_SECONDS = 3;

/** One slice of `audio`, all of it. */
export function sliceOf(audio: Int16Array): RecordedSlice {
  const data = encodeWav(audio);
  return {
    epoch: 0,
    mime: 'audio/wav',
    sha256: audioHashOf(data),
    durationMs: (1000 * audio.length) / SAMPLE_RATE,
    capturedAt: Date.now(),
    data,
  };
}

/** The pieces of `audio`: the first `first` seconds long, the others three, the last what is left. */
export function* cut(audio: Int16Array, first = SLICE_SECONDS): Iterable<Int16Array> {
  let from = 0;
  for (let to = first * SAMPLE_RATE; from < audio.length; to += SLICE_SECONDS * SAMPLE_RATE) {
    yield audio.subarray(from, Math.min(Math.round(to), audio.length));
    from = Math.round(to);
  }
}

/** `audio` from its start again and again, `seconds` long in all, in slices of three seconds. */
export function* loop(audio: Int16Array, seconds: number): Iterable<Int16Array> {
  const length = SLICE_SECONDS * SAMPLE_RATE;
  for (let at = 0; at < seconds * SAMPLE_RATE; at += length) {
    const piece = new Int16Array(Math.min(length, seconds * SAMPLE_RATE - at));
    for (let index = 0; index < piece.length; index += 1) piece[index] = audio[(at + index) % audio.length]!;
    yield piece;
  }
}
