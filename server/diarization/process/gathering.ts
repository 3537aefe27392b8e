/**
 * Hands the windows of recordings to the process of the networks as they come, so that the end has only the last ones to
 * hand over. What that process knew is gone when it ends; its successor is given the windows again.
 */
import type { Diarizer, WindowAnalysis } from '../diarizer.ts';
import type { Child } from './child.ts';
import type { NetworkProcess } from './supervisor.ts';

/** Windows in one message: about half a megabyte. */
const PART = 100;

export function createGatherer(
  process: Pick<NetworkProcess, 'attempt'>,
  onError: (error: unknown) => void,
): Diarizer['gather'] {
  let recordings = 0;
  return (read) => {
    const recording = recordings++;
    let [holder, held]: [Child | undefined, number] = [undefined, 0];
    let wanted = 0;
    let closed = false;
    let turn: Promise<unknown> = Promise.resolve();

    const handOver = async (child: Child, count: number) => {
      if (holder !== child) [holder, held] = [child, 0];
      while (held < count && !closed) {
        const windows: WindowAnalysis[] = [];
        while (windows.length < Math.min(PART, count - held)) windows.push(await read(held + windows.length));
        held += windows.length;
        await child.notify({ method: 'gather', recording, windows, upToDate: held === count });
      }
    };
    /** One at a time: windows arrive in order. */
    const next = <Result>(task: (child: Child) => Promise<Result>): Promise<Result> => {
      const result = turn.then(() => process.attempt(task));
      turn = result.catch(() => {});
      return result;
    };

    return {
      advance(count) {
        wanted = Math.max(wanted, count);
        next((child) => handOver(child, wanted)).catch((error) => {
          if (!closed) onError(error);
        });
      },
      conclude: (count, options) =>
        next(async (child) => {
          await handOver(child, count);
          if (closed) throw new Error('The recording was closed before its end.');
          return child.request({ method: 'conclude', recording, options });
        }),
      close() {
        closed = true;
        // A process that has ended has forgotten everything.
        holder?.notify({ method: 'forget', recording }).catch(() => {});
      },
    };
  };
}
