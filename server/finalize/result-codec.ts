/** The bytes of a final result: msgpack, validated on the way back in. */
import { pack, unpack } from 'msgpackr';
import { FinalResult } from '../../shared/events.ts';

export function encodeResult(result: FinalResult): Uint8Array {
  return pack(result);
}

/** @throws ZodError when the bytes are not a result. */
export function decodeResult(bytes: Uint8Array): FinalResult {
  return FinalResult.parse(unpack(bytes));
}
