/** One recording's windows, and what is found among them ahead of its end. */
import type { ConcludeOptions, Diarization, WindowAnalysis } from './diarizer.ts';
import type { Networks } from './load-networks.ts';
import { type WarmStart, warmStartSize } from './warm-start.ts';

export interface Recording {
  /** The next windows. */
  add(windows: readonly WindowAnalysis[]): void;
  /** Finds what can be found ahead: of an hour in about two seconds, now and then. */
  lookAhead(): void;
  conclude(options: ConcludeOptions): Diarization;
}

export function createRecording(networks: Pick<Networks, 'findWarmStart' | 'conclude'>): Recording {
  const windows: WindowAnalysis[] = [];
  let earlier: WarmStart | undefined;

  const lookAhead = () => {
    const size = warmStartSize(windows.length);
    if (size > 0 && size !== earlier?.windows) earlier = networks.findWarmStart?.(windows.slice(0, size));
  };

  return {
    add(more) {
      for (const window of more) windows.push(window);
    },
    lookAhead,
    conclude(options) {
      lookAhead();
      return networks.conclude(windows, options, earlier);
    },
  };
}
