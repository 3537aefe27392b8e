/** From bytes to a message that is valid, or to the code that says why not. Never throws. */
import type { ErrorCode } from '../../shared/errors.ts';
import { ClientMessage, decode, PROTOCOL_VERSION } from '../../shared/protocol.ts';

export type Incoming = { message: ClientMessage } | { code: ErrorCode; seq?: number };

const types: ReadonlySet<unknown> = new Set(ClientMessage.options.map((option) => option.shape.type.value));

export function readMessage(bytes: Uint8Array, sliceBytes: number): Incoming {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    return { code: 'BAD_MESSAGE' };
  }
  if (typeof value !== 'object' || value === null) return { code: 'BAD_MESSAGE' };
  const { type, version, seq } = value as { type?: unknown; version?: unknown; seq?: unknown };
  if (typeof type !== 'string') return { code: 'BAD_MESSAGE' };
  if (!types.has(type)) return { code: 'UNKNOWN_MESSAGE' };
  if (type === 'hello' && version !== PROTOCOL_VERSION) return { code: 'VERSION_UNSUPPORTED' };
  const parsed = ClientMessage.safeParse(value);
  const slice =
    type === 'slice' && Number.isSafeInteger(seq) && (seq as number) >= 0 ? { seq: seq as number } : {};
  if (!parsed.success) return { code: 'BAD_MESSAGE', ...(slice.seq! <= 10_000_000 ? slice : {}) };
  const message = parsed.data;
  if (message.type === 'slice' && message.data.length > sliceBytes)
    return { code: 'TOO_BIG', seq: message.seq };
  return { message };
}
