/**
 * A session's windows, analysed one by one as the audio comes in, when the machine has time (rule F2). Each result is
 * stored as it completes, so a restart goes on from there and the end has only the last windows to do.
 */
import { type Diarizer, WINDOW, type WindowAnalysis } from './diarizer.ts';

export interface WindowWorkOptions {
  diarizer: Pick<Diarizer, 'analyseWindow'>;
  /** Indices of the windows that are stored already. */
  done: ReadonlySet<number>;
  /** Seconds on the session's timeline; 16 kHz mono. */
  readAudio(start: number, end: number): Promise<Int16Array>;
  store(analysis: WindowAnalysis): Promise<void>;
  /** Waited for before each window, until `finish`. */
  whenIdle(signal: AbortSignal): Promise<void>;
  /** All windows before `count` are stored. */
  onDone(count: number): void;
  /** A failure leaves the windows to `finish`, which reports it. */
  onError(error: unknown): void;
}

export interface WindowWork {
  /** The session's audio can be read up to here. */
  advance(through: number): void;
  /** Does what is missing, at once; `duration` is the whole session's. Returns how many windows there are. */
  finish(duration: number, onProgress?: (ratio: number) => void): Promise<number>;
  close(): void;
}

/** Whole windows within `duration`, and one more for what they leave at the end. */
export function countWindows(duration: number): number {
  if (duration <= 0) return 0;
  if (duration <= WINDOW.duration) return 1;
  // The tolerance keeps a duration such as 12.000000001 s from owing a window of one sample.
  return Math.ceil((duration - WINDOW.duration) / WINDOW.step - 1e-6) + 1;
}

export function createWindowWork(options: WindowWorkOptions): WindowWork {
  const done = new Set(options.done);
  const closed = new AbortController();
  let background: Promise<void> | undefined;
  let available = 0;
  let finishing = false;

  const analyse = async (index: number, duration: number) => {
    const start = index * WINDOW.step;
    const audio = await options.readAudio(start, Math.min(start + WINDOW.duration, duration));
    await options.store(await options.diarizer.analyseWindow(index, audio));
    done.add(index);
  };

  // Everything before it is done.
  let cursor = 0;
  const nextClosed = () => {
    while (done.has(cursor)) cursor += 1;
    return cursor * WINDOW.step + WINDOW.duration <= available ? cursor : undefined;
  };

  const work = async () => {
    for (;;) {
      const index = nextClosed();
      if (index === undefined || finishing) return;
      await options.whenIdle(closed.signal);
      if (finishing || closed.signal.aborted) return;
      await analyse(index, available);
      options.onDone(index + 1);
    }
  };

  const start = () => {
    if (background !== undefined || finishing || closed.signal.aborted) return;
    if (nextClosed() === undefined) return;
    background = work().then(
      () => {
        background = undefined;
        // More may have come since it last looked.
        start();
      },
      (error) => {
        background = undefined;
        if (!closed.signal.aborted) options.onError(error);
      },
    );
  };

  return {
    advance(through) {
      available = Math.max(available, through);
      start();
    },
    async finish(duration, onProgress = () => {}) {
      finishing = true;
      closed.abort();
      await background;
      const total = countWindows(duration);
      for (let index = 0; index < total; index += 1) {
        if (!done.has(index)) await analyse(index, duration);
        onProgress((index + 1) / total);
      }
      return total;
    },
    close() {
      closed.abort();
    },
  };
}
