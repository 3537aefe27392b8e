/** What a container of Opus yields, whichever it is. */

export type OpusUnit =
  /** A stream begins: the decoder starts afresh and leaves out the first `preSkip` samples (at 48 kHz). */
  | { kind: 'head'; preSkip: number }
  | { kind: 'packet'; bytes: Uint8Array }
  /** The last `samples` (at 48 kHz) of what came before are padding. */
  | { kind: 'trim'; samples: number };

export interface OpusDemuxer {
  /**
   * What these bytes complete. `lost`: some of them were no part of the container and were passed over, up to the
   * next place where it could be picked up again.
   */
  push(bytes: Uint8Array): Promise<{ units: OpusUnit[]; lost: boolean }>;
  close(): void;
}

/** The `head` unit of an OpusHead. @throws RangeError when it is not one. */
export function parseOpusHead(bytes: Uint8Array): OpusUnit {
  const isHead = bytes.length >= 19 && String.fromCharCode(...bytes.subarray(0, 8)) === 'OpusHead';
  if (!isHead) throw new RangeError('Not an OpusHead.');
  return { kind: 'head', preSkip: bytes[10]! | (bytes[11]! << 8) };
}

/** The samples in a packet at 48 kHz, from its first bytes (RFC 6716, 3.1); 0 for one that is malformed. */
export function packetSamples(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const config = toc >> 3;
  const silk = [480, 960, 1920, 2880];
  const perFrame =
    config < 12
      ? silk[config & 3]!
      : config < 16
        ? [480, 960][config & 1]!
        : [120, 240, 480, 960][config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  return perFrame * frames > 5760 ? 0 : perFrame * frames;
}
