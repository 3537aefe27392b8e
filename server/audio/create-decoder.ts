/** Picks the decoder by the bytes, and a new one whenever a piece begins with a header of its own. */
import { CodedError } from '../../shared/errors.ts';
import { createFfmpegDecoder, type FfmpegOptions } from './ffmpeg-decoder.ts';
import { createOggDemuxer } from './ogg-demuxer.ts';
import { createOpusDecoder } from './opus-decoder.ts';
import { concatBytes, concatSamples } from './pcm.ts';
import { beginsContainer, type Container, sniff } from './sniff.ts';
import { type CreateStreamDecoder, SAMPLE_RATE, type StreamDecoder } from './stream-decoder.ts';
import { parseWav } from './wav.ts';
import { createWavDecoder } from './wav-decoder.ts';
import { createWebmDemuxer } from './webm-demuxer.ts';
import { findBlock } from './webm-sync.ts';

export function createDecoderFor(options: FfmpegOptions): CreateStreamDecoder {
  return (mime) => new SniffingDecoder(mime, options);
}

class SniffingDecoder implements StreamDecoder {
  private readonly mime: string;
  private readonly options: FfmpegOptions;
  private inner: StreamDecoder | undefined;
  /** The first bytes, while they do not tell the container yet. */
  private head: Uint8Array = new Uint8Array();
  /** Samples of a stream that was over, when the next one could not be decoded. */
  private owed: Int16Array = new Int16Array();
  private isClosed = false;

  constructor(mime: string, options: FfmpegOptions) {
    this.mime = mime;
    this.options = options;
  }

  async push(bytes: Uint8Array): Promise<Int16Array> {
    if (this.isClosed) throw new CodedError('DECODE_DEGRADED');
    if (beginsContainer(bytes)) {
      if (this.inner !== undefined) await this.endInner();
      // A start that told nothing by itself will not do so any more.
      this.head = new Uint8Array();
    }
    const samples = await this.decode(bytes);
    const all = concatSamples([this.owed, samples]);
    this.owed = new Int16Array();
    return all;
  }

  async end(): Promise<Int16Array> {
    if (this.isClosed) return new Int16Array();
    this.isClosed = true;
    this.head = new Uint8Array();
    const samples = (await this.inner?.end()) ?? new Int16Array();
    return concatSamples([this.owed, samples]);
  }

  close(): void {
    this.isClosed = true;
    this.head = new Uint8Array();
    this.inner?.close();
  }

  private async endInner(): Promise<void> {
    const inner = this.inner;
    this.inner = undefined;
    try {
      this.owed = concatSamples([this.owed, (await inner?.end()) ?? new Int16Array()]);
    } catch (error) {
      // The end of the stream before was broken: that is no fault of the piece that has come now.
      if (!(error instanceof CodedError)) throw error;
    }
  }

  private async decode(bytes: Uint8Array): Promise<Int16Array> {
    if (this.inner !== undefined) return this.inner.push(bytes);
    this.head = concatBytes(this.head, bytes);
    const create = this.choose(this.head);
    if (create === undefined) return new Int16Array();
    const head = this.head;
    this.head = new Uint8Array();
    this.inner = create();
    return this.inner.push(head);
  }

  /** @throws CodedError MIME_UNKNOWN; the bytes are given up and the next piece is looked at afresh. */
  private choose(head: Uint8Array): (() => StreamDecoder) | undefined {
    const container = sniff(head);
    if (container === undefined) return undefined;
    if (container === 'webm-opus') return () => createOpusDecoder(createWebmDemuxer());
    if (container === 'ogg-opus') return () => createOpusDecoder(createOggDemuxer());
    if (container === 'wav') return this.chooseForWav(head);
    if (container !== 'unknown') return () => this.ffmpeg(container);
    // A stream whose header was damaged can still be heard: its blocks speak for themselves.
    if (/^(audio|video)\/webm/.test(this.mime) && findBlock(head) !== undefined) {
      return () => createOpusDecoder(createWebmDemuxer({ continuation: true }));
    }
    this.head = new Uint8Array();
    throw new CodedError('MIME_UNKNOWN');
  }

  /** Other rates are resampled by ffmpeg. */
  private chooseForWav(head: Uint8Array): (() => StreamDecoder) | undefined {
    try {
      const format = parseWav(head);
      if (format === undefined) return undefined;
      return format.sampleRate === SAMPLE_RATE ? createWavDecoder : () => this.ffmpeg('wav');
    } catch (cause) {
      this.head = new Uint8Array();
      throw new CodedError('DECODE_DEGRADED', { cause });
    }
  }

  private ffmpeg(container: Container): StreamDecoder {
    return createFfmpegDecoder(container, this.options);
  }
}
