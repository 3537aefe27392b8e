/** Where a WebM stream can be picked up again in the middle. */
import { readElement } from './ebml.ts';

export const ID = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  cluster: 0x1f43b675,
  timecode: 0xe7,
  position: 0xa7,
  previousSize: 0xab,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  discardPadding: 0x75a2,
  void: 0xec,
  crc32: 0xbf,
  cues: 0x1c53bb6b,
  tags: 0x1254c367,
  seekHead: 0x114d9b74,
  info: 0x1549a966,
  attachments: 0x1941a469,
  chapters: 0x1043a770,
} as const;

/** Opus at its highest rate, 510 kbit/s, puts 7,650 bytes into its longest packet, 120 ms. */
export const MAX_BLOCK_BYTES = 8 * 1024;

/**
 * EBML, an open Segment, Tracks with audio as track 1, an open Cluster: what a demuxer has to have read before it
 * takes blocks. A recorder of one microphone writes one track, so its number is known.
 */
export const HEADER_OF_CONTINUATION = Uint8Array.from([
  ...[0x1a, 0x45, 0xdf, 0xa3, 0x80],
  ...[0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  ...[0x16, 0x54, 0xae, 0x6b, 0x88, 0xae, 0x86, 0xd7, 0x81, 0x01, 0x83, 0x81, 0x02],
  ...[0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
]);

/** The offset of the first cluster, or of a block that another element follows; undefined when there is none. */
export function findBlock(bytes: Uint8Array): number | undefined {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const isCluster =
      bytes[at] === 0x1f && bytes[at + 1] === 0x43 && bytes[at + 2] === 0xb6 && bytes[at + 3] === 0x75;
    if (isCluster || isBlock(bytes, at)) return at;
  }
  return undefined;
}

const FOLLOWS_BLOCK: ReadonlySet<number> = new Set([
  ID.simpleBlock,
  ID.blockGroup,
  ID.cluster,
  ID.void,
  ID.cues,
]);

function isBlock(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== ID.simpleBlock) return false;
  const element = elementAt(bytes, at);
  if (element === undefined || element.size < 5 || element.size > MAX_BLOCK_BYTES) return false;
  if (bytes[element.dataAt] !== 0x81 || !isBlockHead(bytes, element.dataAt)) return false;
  const next = elementAt(bytes, element.dataAt + element.size);
  return next !== undefined && FOLLOWS_BLOCK.has(next.id);
}

/** Track, time and flags of a block, as far as they are there: one byte of track, no lacing, no reserved bits. */
export function isBlockHead(bytes: Uint8Array, at: number): boolean {
  const track = bytes[at];
  const flags = bytes[at + 3];
  return (track === undefined || track > 0x80) && (flags === undefined || (flags & 0x76) === 0);
}

function elementAt(bytes: Uint8Array, at: number) {
  try {
    return readElement(bytes, at);
  } catch {
    return undefined;
  }
}
