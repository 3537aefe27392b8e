/** Which container a stream is in, told from its first bytes. What the client says about it is not asked. */

export type Container =
  | 'webm-opus'
  | 'ogg-opus'
  | 'wav'
  /** The others are ffmpeg's. */
  | 'matroska'
  | 'ogg'
  | 'mp4'
  | 'flac'
  | 'mp3'
  | 'aac'
  | 'unknown';

/** What the codec's name is in Matroska; those of other sounds begin like it. */
const OPUS = 'A_OPUS';

/** No container needs more bytes than these to be told. */
export const SNIFF_BYTES = 4096;

/** The container of a stream that begins with these bytes; undefined while more of them are needed. */
export function sniff(bytes: Uint8Array): Container | undefined {
  if (bytes.length < 12) return undefined;
  if (isEbml(bytes)) return sniffMatroska(bytes);
  if (matches(bytes, 0, 'OggS')) return sniffOgg(bytes);
  if ((matches(bytes, 0, 'RIFF') || matches(bytes, 0, 'RF64')) && matches(bytes, 8, 'WAVE')) return 'wav';
  if (matches(bytes, 4, 'ftyp')) return 'mp4';
  if (matches(bytes, 0, 'fLaC')) return 'flac';
  if (matches(bytes, 0, 'ID3') || isMp3Frame(bytes)) return 'mp3';
  if (bytes[0] === 0xff && (bytes[1]! & 0xf6) === 0xf0) return 'aac';
  return 'unknown';
}

/**
 * Whether a piece in the middle of a stream is the start of a new one. Only headers that a continuation cannot
 * show count: an Ogg page that begins a stream does, the next page and a bare MP4 fragment (`styp`, `moof`) do not.
 */
export function beginsContainer(bytes: Uint8Array): boolean {
  if (isEbml(bytes)) return true;
  if (matches(bytes, 0, 'OggS')) return isFirstOggPage(bytes);
  if (matches(bytes, 0, 'RIFF') || matches(bytes, 0, 'RF64')) return matches(bytes, 8, 'WAVE');
  return matches(bytes, 4, 'ftyp') || matches(bytes, 0, 'fLaC');
}

function sniffMatroska(bytes: Uint8Array): Container | undefined {
  const head = bytes.subarray(0, SNIFF_BYTES);
  if (contains(head, OPUS)) return 'webm-opus';
  // A name that begins at the very end may go on to be Opus.
  const whole = head.subarray(0, 2 - OPUS.length);
  return contains(whole, 'A_') || bytes.length >= SNIFF_BYTES ? 'matroska' : undefined;
}

function sniffOgg(bytes: Uint8Array): Container | undefined {
  if (bytes.length < 48) return undefined;
  if (!isFirstOggPage(bytes)) return 'unknown';
  // Channel mappings other than 0 (surround) need a decoder per stream, which ffmpeg has.
  return matches(bytes, 28, 'OpusHead') && bytes[46] === 0 ? 'ogg-opus' : 'ogg';
}

function isEbml(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3;
}

function isFirstOggPage(bytes: Uint8Array): boolean {
  return bytes[4] === 0 && (bytes[5]! & 2) === 2;
}

function isMp3Frame(bytes: Uint8Array): boolean {
  const isLayer3 = bytes[0] === 0xff && (bytes[1]! & 0xe6) === 0xe2;
  return isLayer3 && (bytes[2]! & 0xf0) !== 0xf0 && (bytes[2]! & 0x0c) !== 0x0c;
}

function matches(bytes: Uint8Array, at: number, ascii: string): boolean {
  for (let i = 0; i < ascii.length; i++) if (bytes[at + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

function contains(bytes: Uint8Array, ascii: string): boolean {
  for (let at = 0; at + ascii.length <= bytes.length; at++) if (matches(bytes, at, ascii)) return true;
  return false;
}
