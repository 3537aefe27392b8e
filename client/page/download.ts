import type { FinalResult } from '../../shared/events.ts';
import { textOf } from '../../shared/transcript.ts';
import { clockTime } from './i18n.ts';

/** One paragraph a segment: time, name, words. */
export function transcriptText(result: FinalResult, nameOf: (speaker: string) => string): string {
  return result.segments
    .map(({ start, speaker, words }) => `[${clockTime(start)}] ${nameOf(speaker)}: ${textOf(words)}\n`)
    .join('\n');
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
