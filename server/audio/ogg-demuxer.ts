/**
 * Ogg pages to Opus packets (RFC 3533, RFC 7845). prism-media's demuxer does not serve here: a packet that goes on
 * in the next page stalls it while it buffers without end, one wrong byte ends it, and it keeps the granule
 * positions, which say where the audio ends, to itself.
 */
import { type OpusDemuxer, type OpusUnit, packetSamples, parseOpusHead } from './opus-demuxer.ts';
import { concatBytes } from './pcm.ts';

const HEADER_BYTES = 27;
/** A packet that spans pages is given up past this; Opus packets have at most 61,440 bytes. */
const MAX_PACKET_BYTES = 256 * 1024;

interface Page {
  isContinued: boolean;
  isFirst: boolean;
  isLast: boolean;
  /** Samples at 48 kHz up to the end of this page; -1 where no packet ends in it. */
  granule: number;
  serial: number;
  lacing: Uint8Array;
  body: Uint8Array;
}

export function createOggDemuxer(): OpusDemuxer {
  let rest: Uint8Array = new Uint8Array();
  let stream: OggOpusStream | undefined;

  /** False for a page that cannot be read: damaged, or the start of a stream that is not Opus. */
  function readPage(bytes: Uint8Array, units: OpusUnit[]): boolean {
    const page = parsePage(bytes);
    if (page === undefined) return false;
    if (page.isFirst && stream?.isOver !== false) stream = new OggOpusStream(page.serial);
    try {
      if (stream?.serial === page.serial) stream.read(page, units);
      return true;
    } catch {
      stream = undefined;
      return false;
    }
  }

  return {
    async push(bytes) {
      rest = concatBytes(rest, bytes);
      const units: OpusUnit[] = [];
      let lost = false;
      for (;;) {
        const at = findCapture(rest);
        if (at > 0) lost = true;
        rest = rest.subarray(at);
        const size = pageSize(rest);
        if (size === undefined) break;
        const isRead = readPage(rest.subarray(0, size), units);
        if (!isRead) lost = true;
        rest = rest.subarray(isRead ? size : 4);
      }
      rest = rest.slice();
      return { units, lost };
    },
    close() {
      rest = new Uint8Array();
    },
  };
}

/** The packets of one logical stream: the first two are headers. */
class OggOpusStream {
  readonly serial: number;
  isOver = false;
  private packets = 0;
  private partial: Uint8Array = new Uint8Array();
  private granule = 0;

  constructor(serial: number) {
    this.serial = serial;
  }

  read(page: Page, units: OpusUnit[]): void {
    if (!page.isContinued) this.partial = new Uint8Array();
    const wasPartial = this.partial.length > 0;
    let skipFirst = page.isContinued && !wasPartial;
    let samples = 0;
    let at = 0;
    for (const length of page.lacing) {
      this.partial = concatBytes(this.partial, page.body.subarray(at, at + length));
      at += length;
      if (this.partial.length > MAX_PACKET_BYTES) this.partial = new Uint8Array();
      if (length === 255) continue;
      if (!skipFirst) samples += this.packet(this.partial, units);
      skipFirst = false;
      this.partial = new Uint8Array();
    }
    if (page.isLast && page.granule >= 0 && page.granule < this.granule + samples) {
      units.push({ kind: 'trim', samples: Math.min(samples, this.granule + samples - page.granule) });
    }
    if (page.granule >= 0 && this.packets > 2) this.granule = page.granule;
    this.isOver = page.isLast;
  }

  /** The samples in it. */
  private packet(bytes: Uint8Array, units: OpusUnit[]): number {
    this.packets++;
    if (this.packets === 1) units.push(parseOpusHead(bytes));
    if (this.packets <= 2 || bytes.length === 0) return 0;
    units.push({ kind: 'packet', bytes });
    return packetSamples(bytes);
  }
}

/** Where the next page may begin: at `OggS`, or where its first letters end the bytes. */
function findCapture(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) {
    let same = 0;
    while (same < 4 && at + same < bytes.length && bytes[at + same] === OGGS[same]) same++;
    if (same === 4 || at + same === bytes.length) return at;
  }
  return bytes.length;
}
const OGGS = [0x4f, 0x67, 0x67, 0x53];

/** Of the page at the start, at most 65,307 bytes; undefined while it is not complete. */
function pageSize(bytes: Uint8Array): number | undefined {
  const segments = bytes[26];
  if (segments === undefined || bytes.length < HEADER_BYTES + segments) return undefined;
  let size = HEADER_BYTES + segments;
  for (const length of bytes.subarray(HEADER_BYTES, HEADER_BYTES + segments)) size += length;
  return bytes.length < size ? undefined : size;
}

/** Undefined where version or checksum are wrong: it only looked like a page. */
function parsePage(bytes: Uint8Array): Page | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes[4] !== 0 || checksum(bytes) !== view.getUint32(22, true)) return undefined;
  const flags = bytes[5]!;
  const bodyAt = HEADER_BYTES + bytes[26]!;
  return {
    isContinued: (flags & 1) !== 0,
    isFirst: (flags & 2) !== 0,
    isLast: (flags & 4) !== 0,
    granule: Number(view.getBigInt64(6, true)),
    serial: view.getUint32(14, true),
    lacing: bytes.subarray(HEADER_BYTES, bodyAt),
    body: bytes.subarray(bodyAt),
  };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let remainder = index << 24;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 0x8000_0000 ? (remainder << 1) ^ 0x04c1_1db7 : remainder << 1;
  return remainder >>> 0;
});

/** Ogg's CRC-32: not reflected, from zero, with its own four bytes counted as zero. */
function checksum(page: Uint8Array): number {
  let crc = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= 22 && at < 26 ? 0 : page[at]!;
    crc = ((crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ byte) & 0xff]!) >>> 0;
  }
  return crc;
}
