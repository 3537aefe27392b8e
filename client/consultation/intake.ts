/** From the recorder into the outbox: every piece is hashed, numbered and stored before it may be sent (rule I3). */
import type { RecordedSlice } from '../connection/connection.ts';
import { digest } from '../outbox/cipher.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Piece } from '../recorder/epoch.ts';

export interface IntakeOptions {
  outbox: Outbox;
  consultation: string;
  /** The ordinal that comes next. */
  queued(): number;
  /** Longer pieces are cut: an epoch's bytes may be cut anywhere. */
  sliceBytes(): number;
  /** The slice lies in the outbox, or (`stored` false) in memory only, because the browser's storage is full. */
  onSlice(slice: RecordedSlice, stored: boolean): void;
}

export interface Intake {
  add(piece: Piece, epoch: number): void;
  load(ordinal: number): Promise<RecordedSlice | undefined>;
  acknowledged(before: number): void;
  /** Resolves when everything added so far has been taken in. */
  settled(): Promise<void>;
}

export function createIntake(options: IntakeOptions): Intake {
  const { outbox, consultation } = options;
  const overflow = new Map<number, RecordedSlice>();
  let turn = Promise.resolve();

  async function take(slice: Omit<RecordedSlice, 'sha256'>): Promise<void> {
    const whole = { ...slice, sha256: await digest(slice.data) };
    const ordinal = options.queued();
    let stored = true;
    try {
      await outbox.put(consultation, ordinal, whole);
    } catch {
      overflow.set(ordinal, whole);
      stored = false;
    }
    options.onSlice(whole, stored);
  }

  return {
    add(piece, epoch) {
      const { data, mime, durationMs, capturedAt } = piece;
      const parts = Math.ceil(data.length / options.sliceBytes());
      const size = Math.ceil(data.length / parts);
      for (let part = 0; part < parts; part += 1) {
        const slice = {
          data: data.subarray(part * size, (part + 1) * size),
          ...{ mime, epoch },
          durationMs: durationMs / parts,
          capturedAt: capturedAt + (part * durationMs) / parts,
        };
        turn = turn.then(() => take(slice));
      }
    },
    load: async (ordinal) => overflow.get(ordinal) ?? outbox.get(consultation, ordinal),
    acknowledged(before) {
      for (const ordinal of overflow.keys()) if (ordinal < before) overflow.delete(ordinal);
      // A purge that fails leaves slices that the server has; they are purged with the next.
      void outbox.purge(consultation, before).catch(() => {});
    },
    settled: () => turn,
  };
}

/**
 * What an earlier page has left in the outbox, as ordinals without holes: a slice that had not fitted into the storage
 * died with that page, and the ones after it move up.
 */
export async function recover(outbox: Outbox, consultation: string, queued: number) {
  const held = await outbox.held(consultation);
  const first = held[0];
  if (first === undefined) return { unacked: queued, queued };
  for (const [index, ordinal] of held.entries()) {
    if (ordinal === first + index) continue;
    const slice = await outbox.get(consultation, ordinal);
    if (slice !== undefined) await outbox.put(consultation, first + index, slice);
  }
  await outbox.truncate(consultation, first + held.length);
  return { unacked: first, queued: first + held.length };
}
