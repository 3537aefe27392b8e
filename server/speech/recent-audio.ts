/** The newest audio of a session, in a bounded amount of memory; older audio is read back from where it is stored. */
import { SAMPLE_RATE } from '../audio/stream-decoder.ts';

/** Twice the engine's longest window, so that only an engine that is far behind makes anything be read back. */
const HELD = 60 * SAMPLE_RATE;

export type ReadAudio = (fromSample: number, toSample: number) => Promise<Int16Array>;

export interface RecentAudio {
  append(audio: Int16Array): void;
  /** A stretch without audio. */
  skip(samples: number): void;
  /** The sample number that comes next. */
  readonly end: number;
  /** Zeros where there is no audio. */
  read(from: number, to: number): Promise<Int16Array>;
  /** Nothing before this sample will be read again. */
  discard(before: number): void;
  /** Samples in memory. */
  readonly held: number;
  /** The first sample that can still be read. */
  readonly from: number;
}

export function createRecentAudio(startSample: number, readStored?: ReadAudio): RecentAudio {
  const pieces: { at: number; audio: Int16Array }[] = [];
  let end = startSample;
  let held = 0;

  function dropWhile(condition: (piece: { at: number; audio: Int16Array }) => boolean): void {
    const kept = pieces.findIndex((piece) => !condition(piece));
    const dropped = pieces.splice(0, kept === -1 ? pieces.length : kept);
    for (const piece of dropped) held -= piece.audio.length;
  }

  return {
    append(audio) {
      // A copy: decoders hand out views of buffers that they use again.
      pieces.push({ at: end, audio: audio.slice() });
      end += audio.length;
      held += audio.length;
      if (readStored !== undefined) dropWhile(() => held > HELD);
    },
    skip(samples) {
      end += samples;
    },
    get end() {
      return end;
    },
    async read(from, to) {
      const audio = new Int16Array(to - from);
      const first = pieces[0]?.at ?? end;
      if (readStored !== undefined && from < first) audio.set(await readStored(from, Math.min(to, first)));
      for (const piece of pieces) {
        const start = Math.max(from, piece.at);
        const stop = Math.min(to, piece.at + piece.audio.length);
        if (start < stop) audio.set(piece.audio.subarray(start - piece.at, stop - piece.at), start - from);
      }
      return audio;
    },
    discard(before) {
      dropWhile((piece) => piece.at + piece.audio.length <= before);
    },
    get held() {
      return held;
    },
    get from() {
      return readStored === undefined ? startSample : 0;
    },
  };
}
