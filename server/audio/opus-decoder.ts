/** Opus in any container to samples, in process. A decoder made for 16 kHz mono resamples and mixes by itself. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import opus from '@discordjs/opus';
import { CodedError } from '../../shared/errors.ts';
import { type OpusDemuxer, type OpusUnit, packetSamples } from './opus-demuxer.ts';
import { concatSamples, fromBytes } from './pcm.ts';
import { SAMPLE_RATE, type StreamDecoder } from './stream-decoder.ts';

/** A megabyte of the smallest packets would be hours of silence; nobody sends this much at once in earnest. */
export const MAX_SAMPLES_PER_PUSH = 900 * SAMPLE_RATE;
const PACKETS_PER_TURN = 256;

export function createOpusDecoder(demuxer: OpusDemuxer): StreamDecoder {
  let decoder = new opus.OpusEncoder(SAMPLE_RATE, 1);
  let skip = 0;
  let isClosed = false;

  function startAfresh(preSkip: number): void {
    decoder = new opus.OpusEncoder(SAMPLE_RATE, 1);
    skip = Math.round(preSkip / 3);
  }

  function decodePacket(packet: Uint8Array): Int16Array {
    const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.length);
    const samples = fromBytes(decoder.decode(bytes));
    const skipped = Math.min(skip, samples.length);
    skip -= skipped;
    return samples.subarray(skipped);
  }

  async function decode(units: readonly OpusUnit[]): Promise<Int16Array> {
    const parts: Int16Array[] = [];
    let total = 0;
    let isWrong = false;
    for (const [index, unit] of units.entries()) {
      if (unit.kind === 'head') startAfresh(unit.preSkip);
      else if (unit.kind === 'trim') trimEnd(parts, Math.round(unit.samples / 3));
      else if (total + packetSamples(unit.bytes) / 3 > MAX_SAMPLES_PER_PUSH) isWrong = true;
      else {
        try {
          const samples = decodePacket(unit.bytes);
          parts.push(samples);
          total += samples.length;
        } catch {
          isWrong = true;
        }
      }
      if (index % PACKETS_PER_TURN === PACKETS_PER_TURN - 1) await nextTurn();
      if (isClosed) return new Int16Array();
    }
    if (isWrong) throw new CodedError('DECODE_DEGRADED');
    return concatSamples(parts);
  }

  return {
    async push(bytes) {
      if (isClosed) throw new CodedError('DECODE_DEGRADED');
      const { units, lost } = await demuxer.push(bytes);
      const samples = await decode(units);
      if (lost) throw new CodedError('DECODE_DEGRADED');
      return samples;
    },
    async end() {
      isClosed = true;
      demuxer.close();
      return new Int16Array();
    },
    close() {
      isClosed = true;
      demuxer.close();
    },
  };
}

/** Leaves out the last samples, however many parts they are in. */
function trimEnd(parts: Int16Array[], samples: number): void {
  let left = samples;
  while (left > 0 && parts.length > 0) {
    const last = parts.pop()!;
    if (last.length > left) parts.push(last.subarray(0, last.length - left));
    left -= Math.min(left, last.length);
  }
}
