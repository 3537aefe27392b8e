/** Finds the frames (RFC 6455) in the bytes that a WebSocket client sends, the HTTP upgrade before them included. */

export interface FrameReader {
  /** The bytes in pieces: whole frames where they are known, otherwise as they came. Nothing is left out. */
  read(bytes: Buffer): Buffer[];
  /** Whether the piece is a data frame that holds a whole message. */
  isMessage(piece: Buffer): boolean;
}

const FINAL_BINARY = 0x82;

export function createFrameReader(): FrameReader {
  let rest: Buffer = Buffer.alloc(0);
  let upgraded = false;
  const whole = new WeakSet<Buffer>();

  return {
    read(bytes) {
      rest = Buffer.concat([rest, bytes]);
      const pieces: Buffer[] = [];
      const take = (length: number) => {
        const piece = rest.subarray(0, length);
        rest = rest.subarray(length);
        pieces.push(piece);
        return piece;
      };
      if (!upgraded) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return [];
        take(end + 4);
        upgraded = true;
      }
      for (
        let length = frameLength(rest);
        length !== undefined && length <= rest.length;
        length = frameLength(rest)
      ) {
        const piece = take(length);
        if (piece[0] === FINAL_BINARY) whole.add(piece);
      }
      return pieces;
    },
    isMessage: (piece) => whole.has(piece),
  };
}

/** Of the frame that begins the bytes; undefined while its header is not complete. */
function frameLength(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined;
  const mask = (bytes[1]! & 0x80) === 0 ? 0 : 4;
  const short = bytes[1]! & 0x7f;
  if (short < 126) return 2 + mask + short;
  if (short === 126) return bytes.length < 4 ? undefined : 4 + mask + bytes.readUInt16BE(2);
  return bytes.length < 10 ? undefined : 10 + mask + Number(bytes.readBigUInt64BE(2));
}
