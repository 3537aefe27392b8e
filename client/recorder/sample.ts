/** A few seconds of one voice, recorded as a consultation is, in one piece. */
import type { EpochOptions, EpochRecorder, Piece } from './epoch.ts';
import type { Microphone, MicrophoneEvents } from './microphone.ts';

export interface SampleOptions {
  openMicrophone(events: MicrophoneEvents): Promise<Pick<Microphone, 'stream' | 'close'>>;
  startEpoch(options: Omit<EpochOptions, 'mime' | 'timeSlice'>): Promise<EpochRecorder>;
  seconds: number;
  /** Called each second that has passed. */
  onSecond(passed: number): void;
}

/**
 * The microphone is on for so many seconds and no longer.
 * @throws DOMException as `openMicrophone` does, or where the microphone or the recorder gave up
 */
export async function recordSample({
  openMicrophone,
  startEpoch,
  seconds,
  onSecond,
}: SampleOptions): Promise<Blob> {
  let giveUp = () => {};
  const gone = new Promise<never>((_, reject) => {
    giveUp = () => reject(new DOMException('the microphone is gone', 'NotReadableError'));
  });
  gone.catch(() => {});
  const microphone = await openMicrophone({ ended: () => giveUp(), muted: () => {} });
  try {
    const pieces: Piece[] = [];
    const recorder = await startEpoch({
      stream: microphone.stream,
      onPiece: (piece) => pieces.push(piece),
      onFailure: () => giveUp(),
    });
    for (let passed = 1; passed <= seconds; passed += 1) {
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 1000))]);
      onSecond(passed);
    }
    await recorder.stop();
    return new Blob(
      pieces.map(({ data }) => data as Uint8Array<ArrayBuffer>),
      { type: pieces[0]?.mime ?? '' },
    );
  } finally {
    microphone.close();
  }
}
