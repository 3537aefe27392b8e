/** A slice message: whether it can be taken at all, and what is stored of it. */
import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../shared/errors.ts';
import type { NewEvent } from '../../shared/events.ts';
import type { SliceMessage } from '../../shared/protocol.ts';

export function sliceFault(message: SliceMessage, sliceBytes: number): ErrorCode | undefined {
  if (message.data.length === 0) return 'SLICE_EMPTY';
  if (message.data.length > sliceBytes) return 'TOO_BIG';
  if (hashOf(message.data) !== message.sha256) return 'HASH_MISMATCH';
  return undefined;
}

export function sliceReceived(message: SliceMessage): NewEvent {
  const { seq, epoch, mime, durationMs, capturedAt, data, sha256 } = message;
  return {
    type: 'slice.received',
    data: { seq, epoch, mime, audioHash: sha256, bytes: data.length, durationMs, capturedAt },
    blob: data,
  };
}

function hashOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
