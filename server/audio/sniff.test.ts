import t from 'tap';
import { beginsContainer, sniff } from './sniff.ts';

const bytes = (...parts: (string | number[])[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)),
  );
const padded = (head: Uint8Array, length = 64) => {
  const whole = new Uint8Array(length);
  whole.set(head);
  return whole;
};
const ebml = [0x1a, 0x45, 0xdf, 0xa3];
const oggPage = (flags: number, body: string) =>
  padded(bytes('OggS', [0, flags], new Array(20).fill(0), [1, 19], body));

t.test('the first bytes tell the container', async (t) => {
  const cases: [string, Uint8Array, string | undefined, boolean][] = [
    ['WebM with Opus', padded(bytes(ebml, 'webm', 'A_OPUS')), 'webm-opus', true],
    ['Matroska with PCM', padded(bytes(ebml, 'matroska', 'A_PCM/INT/LIT')), 'matroska', true],
    ['Matroska before its tracks', padded(bytes(ebml, 'webm')), undefined, true],
    ['Matroska that names no codec in time', padded(bytes(ebml), 4096), 'matroska', true],
    ['Ogg with Opus', oggPage(2, 'OpusHead'), 'ogg-opus', true],
    ['Ogg with Vorbis', oggPage(2, '\x01vorbis'), 'ogg', true],
    ['a later page of Ogg', oggPage(0, 'x'), 'unknown', false],
    ['WAV', padded(bytes('RIFF', [0, 0, 0, 0], 'WAVEfmt ')), 'wav', true],
    ['another RIFF', padded(bytes('RIFF', [0, 0, 0, 0], 'AVI LIST')), 'unknown', false],
    ['MP4', padded(bytes([0, 0, 0, 24], 'ftypisom')), 'mp4', true],
    ['a fragment of MP4', padded(bytes([0, 0, 0, 24], 'moof')), 'unknown', false],
    ['a segment of MP4', padded(bytes([0, 0, 0, 24], 'styp')), 'unknown', false],
    ['FLAC', padded(bytes('fLaC')), 'flac', true],
    ['MP3 with tags', padded(bytes('ID3')), 'mp3', false],
    ['MP3', padded(bytes([0xff, 0xfb, 0x90, 0x64])), 'mp3', false],
    ['AAC', padded(bytes([0xff, 0xf1, 0x50, 0x80])), 'aac', false],
    ['zeros', padded(bytes([0])), 'unknown', false],
    ['too little', bytes('OggS'), undefined, false],
  ];
  for (const [name, head, container, begins] of cases) {
    t.equal(sniff(head), container, name);
    t.equal(beginsContainer(head), begins, `${name}: ${begins ? 'a start' : 'no start'}`);
  }
});

t.test(
  '[I5] a start that is cut in the middle of the codec’s name is not taken for another codec',
  async (t) => {
    const whole = bytes(ebml, 'webm', new Array(20).fill(0), 'A_OPUS', new Array(20).fill(0));
    const name = whole.length - 26;
    for (let length = 12; length <= whole.length; length += 1) {
      t.equal(
        sniff(whole.subarray(0, length)),
        length < name + 6 ? undefined : 'webm-opus',
        `${length} bytes`,
      );
    }
  },
);
