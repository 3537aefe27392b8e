/** Rich Transcription Time Marked files: one line a turn, `SPEAKER file 1 start duration <NA> <NA> speaker <NA> <NA>`. */
import type { Turn } from '../../shared/transcript.ts';

/** The lines as pyannote writes them; times to the millisecond. White space in names becomes `_`. */
export function formatRttm(file: string, turns: readonly Turn[]): string {
  return turns
    .map(({ speaker, start, end }) => {
      const fields = [
        field(file),
        '1',
        milliseconds(start),
        milliseconds(end - start),
        '<NA> <NA>',
        field(speaker),
      ];
      return `SPEAKER ${fields.join(' ')} <NA> <NA>\n`;
    })
    .join('');
}

/** Turns by file. Other line types and comments are passed over; a SPEAKER line that cannot be read is an error. */
export function parseRttm(text: string): Map<string, Turn[]> {
  const files = new Map<string, Turn[]>();
  text.split(/\r?\n/).forEach((line, index) => {
    const fields = line.trim().split(/\s+/);
    if (fields[0] !== 'SPEAKER') return;
    const [, file, , startField, durationField, , , speaker] = fields;
    const start = Number(startField);
    const duration = Number(durationField);
    if (file === undefined || speaker === undefined || !(start >= 0) || !(duration >= 0)) {
      throw new Error(`Line ${index + 1} is not a SPEAKER line of an RTTM file.`);
    }
    const turns = files.get(file) ?? [];
    turns.push({ speaker, start, end: start + duration });
    files.set(file, turns);
  });
  return files;
}

function field(name: string): string {
  return name.trim().replace(/\s+/g, '_') || '<NA>';
}

/** Three decimals; a number exactly half way, as 0.0625, goes to the even one, as in Python. */
function milliseconds(seconds: number): string {
  const sixteenths = seconds * 16;
  const halfWay = Number.isInteger(sixteenths) && sixteenths % 2 !== 0;
  if (!halfWay) return seconds.toFixed(3);
  const floor = Math.floor(seconds * 1000);
  return ((floor % 2 === 0 ? floor : floor + 1) / 1000).toFixed(3);
}
