/** Which sessions were found damaged: they are read-only until a verification finds them whole again. */
import { CodedError } from '../../shared/errors.ts';
import { type EventStore, StoreReadError, type StreamFault } from './event-store.ts';
import { DamagedStream } from './read-stream.ts';

export interface Damage {
  isDamaged(stream: string): boolean;
  streams(): string[];
  /** What verification found in a stream; undefined: nothing. */
  note(stream: string, fault: StreamFault | undefined): void;
  /** Turns what reading a damaged stream throws into CORRUPT, and remembers the stream; lets the rest pass. */
  coded(stream: string, error: unknown): unknown;
}

export function createDamage(store: EventStore, readOnly: boolean): Damage {
  const faults = new Map(store.faults().map((fault) => [fault.stream, fault]));

  function note(stream: string, fault: StreamFault | undefined): void {
    if (fault === undefined ? !faults.has(stream) : faults.has(stream)) return;
    if (fault === undefined) faults.delete(stream);
    else faults.set(stream, fault);
    // Kept for the next start. Where the disk does not take it, the damage itself is still there to be found.
    if (!readOnly) store.noteFaults([{ stream, fault }]).catch(() => {});
  }

  return {
    isDamaged: (stream) => faults.has(stream),
    streams: () => [...faults.keys()],
    note,
    coded(stream, error) {
      if (error instanceof DamagedStream) {
        note(stream, { stream, n: error.n, what: error.what });
        return new CodedError('CORRUPT', { cause: error });
      }
      if (error instanceof StoreReadError) {
        note(stream, { stream, n: 0, what: 'it cannot be read from the disk' });
        return new CodedError('CORRUPT', { cause: error });
      }
      return error;
    },
  };
}
