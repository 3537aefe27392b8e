/**
 * Bytes to samples. All audio inside the server is 16 kHz mono, 16 bit.
 * One decoder lives as long as a stream epoch: it is given the epoch's bytes in order, cut anywhere,
 * each call after the one before has settled.
 */
export const SAMPLE_RATE = 16_000;

export interface StreamDecoder {
  /**
   * The samples that these bytes complete; the container may hold some back until later bytes come.
   * Self-contained pieces (each with a header of its own) and continuations both work.
   * @throws CodedError DECODE_DEGRADED or MIME_UNKNOWN; the decoder stays usable for what follows.
   */
  push(bytes: Uint8Array): Promise<Int16Array>;
  /** What is still held back. The decoder is closed by it. */
  end(): Promise<Int16Array>;
  /** Drops everything at once. */
  close(): void;
}

export type CreateStreamDecoder = (mime: string) => StreamDecoder;
