/**
 * WebM to Opus packets with prism-media's demuxer, made safe for bytes from anywhere. By itself it loops for ever on
 * an element whose length wraps to a negative 32-bit number, buffers without limit for one that claims to be
 * large, passes over BlockGroups, and is finished by the first wrong byte. So every element is looked at before it
 * reads it, and after a wrong one a fresh demuxer goes on at the next block that can be made out.
 */

import type { Transform } from 'node:stream';
import prism from 'prism-media';
import { type EbmlElement, readElement } from './ebml.ts';
import { type OpusDemuxer, type OpusUnit, parseOpusHead } from './opus-demuxer.ts';
import { concatBytes } from './pcm.ts';
import { findBlock, HEADER_OF_CONTINUATION, ID, isBlockHead, MAX_BLOCK_BYTES } from './webm-sync.ts';

/** Bytes of any element but a block: tags, cues, padding. */
const MAX_ELEMENT_BYTES = 1024 * 1024;
/** Hostile bytes could ask for one at every block; each costs a copy of what is left. */
const MAX_RESYNCS_PER_PUSH = 32;

/** The part of prism-media's demuxer that is met from below: private there, so the version is pinned. */
interface PrismDemuxer extends Transform {
  _readTag(chunk: Buffer, offset: number): unknown;
}
const PrismDemuxer = prism.opus.WebmDemuxer as unknown as new () => PrismDemuxer;

class GuardedDemuxer extends PrismDemuxer {
  units: OpusUnit[] = [];
  /** Once something wrong was met: everything from there on. */
  wrongFrom: Uint8Array | undefined;
  private isInCluster = false;

  constructor() {
    super();
    this.on('head', (head: Buffer) => this.units.push(parseOpusHead(head)));
    this.on('error', () => {});
  }

  /** prism-media hands over each packet here. */
  override push(packet: Uint8Array | null): boolean {
    if (packet !== null && packet.length > 0) this.units.push({ kind: 'packet', bytes: packet });
    return true;
  }

  feed(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.write(bytes, () => resolve()));
  }

  override _readTag(chunk: Buffer, offset: number): unknown {
    try {
      const element = readElement(chunk, offset);
      if (element !== undefined) {
        this.check(chunk, element);
        if (element.id === ID.blockGroup) return this.readBlockGroup(chunk, element);
      }
      return super._readTag(chunk, offset);
    } catch (error) {
      this.wrongFrom = chunk.subarray(offset);
      throw error;
    }
  }

  private check(chunk: Uint8Array, { id, dataAt, size }: EbmlElement): void {
    if (id === ID.ebml) this.isInCluster = false;
    if (id === ID.cluster) this.isInCluster = true;
    // Before the first cluster, elements that nobody here knows are common; after it, they are a sign of lost bytes.
    if (this.isInCluster && !KNOWN_AFTER_CLUSTER.has(id)) throw new RangeError('No element belongs here.');
    if (MASTERS.has(id)) return;
    if (size > (LARGE.has(id) ? MAX_ELEMENT_BYTES : MAX_BLOCK_BYTES))
      throw new RangeError('The element is too large.');
    if (id === ID.simpleBlock && !isBlockHead(chunk, dataAt)) throw new RangeError('A block is broken.');
  }

  private readBlockGroup(chunk: Buffer, { dataAt, size }: EbmlElement): unknown {
    const end = dataAt + size;
    // An answer without an offset makes prism-media wait for more bytes.
    if (chunk.length < end) return {};
    for (let at = dataAt; at < end; ) {
      const child = readElement(chunk, at);
      if (child === undefined || child.dataAt + child.size > end)
        throw new RangeError('A BlockGroup is broken.');
      const data = chunk.subarray(child.dataAt, child.dataAt + child.size);
      if (child.id === ID.block) this.push(data.subarray(4));
      if (child.id === ID.discardPadding) this.units.push({ kind: 'trim', samples: paddingSamples(data) });
      at = child.dataAt + child.size;
    }
    return { offset: end };
  }
}

const MASTERS: ReadonlySet<number> = new Set([ID.ebml, ID.segment, ID.cluster, ID.tracks, ID.trackEntry]);
/** May hold text, pictures or padding. */
const LARGE: ReadonlySet<number> = new Set([
  ID.cues,
  ID.tags,
  ID.seekHead,
  ID.info,
  ID.attachments,
  ID.chapters,
  ID.void,
]);
const KNOWN_AFTER_CLUSTER: ReadonlySet<number> = new Set([
  ...[
    ID.ebml,
    ID.segment,
    ID.cluster,
    ID.simpleBlock,
    ID.blockGroup,
    ID.timecode,
    ID.position,
    ID.previousSize,
  ],
  ...[ID.void, ID.crc32, ID.cues, ID.tags, ID.seekHead, ID.info],
]);

/** Nanoseconds as a big-endian integer, to samples at 48 kHz; negative padding (at the start) is not used for audio. */
function paddingSamples(data: Uint8Array): number {
  if (data.length === 0 || data.length > 6 || data[0]! >= 0x80) return 0;
  return Math.round(data.reduce((value, byte) => value * 256 + byte, 0) * 48e-6);
}

/** `continuation`: the stream's own header is missing, so it begins with a search for a block of track 1. */
export function createWebmDemuxer(options: { continuation?: boolean } = {}): OpusDemuxer {
  let demuxer = options.continuation ? undefined : new GuardedDemuxer();
  let unread: Uint8Array = new Uint8Array();

  async function push(bytes: Uint8Array): Promise<{ units: OpusUnit[]; lost: boolean }> {
    const units: OpusUnit[] = [];
    let next = bytes;
    for (let resyncs = 0; resyncs <= MAX_RESYNCS_PER_PUSH; resyncs++) {
      if (demuxer === undefined) {
        unread = concatBytes(unread, next);
        const at = findBlock(unread);
        if (at === undefined) {
          unread = unread.slice(-MAX_BLOCK_BYTES);
          return { units, lost: units.length === 0 || resyncs > 0 };
        }
        next = concatBytes(HEADER_OF_CONTINUATION, unread.subarray(at));
        unread = new Uint8Array();
        demuxer = new GuardedDemuxer();
      }
      await demuxer.feed(next);
      units.push(...demuxer.units);
      demuxer.units = [];
      if (demuxer.wrongFrom === undefined) return { units, lost: resyncs > 0 };
      next = demuxer.wrongFrom.subarray(1);
      demuxer = undefined;
    }
    return { units, lost: true };
  }

  return {
    push,
    close() {
      demuxer?.destroy();
      unread = new Uint8Array();
    },
  };
}
