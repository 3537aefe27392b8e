/** Compares what clients were promised with what stands in the corpus. */
import type { Corpus } from '../../../server/corpus/corpus.ts';
import type { CorpusEvent, FinalResult } from '../../../shared/events.ts';
import { sha256 } from './sound.ts';

export interface Account {
  session: string;
  acknowledged: ReadonlyMap<number, string>;
}

export interface Reckoning {
  slices: number;
  /** Acknowledged, and not there with the bytes that were acknowledged. */
  acked_lost: number;
  /** Slices or live words that stand more than once. */
  duplicated: number;
  /** Numbers missing between slices. */
  gaps: number;
}

export const nothing: Reckoning = { slices: 0, acked_lost: 0, duplicated: 0, gaps: 0 };

export const sum = (left: Reckoning, right: Reckoning): Reckoning => ({
  slices: left.slices + right.slices,
  acked_lost: left.acked_lost + right.acked_lost,
  duplicated: left.duplicated + right.duplicated,
  gaps: left.gaps + right.gaps,
});

export async function reckon(corpus: Corpus, { session, acknowledged }: Account): Promise<Reckoning> {
  const events: CorpusEvent[] = [];
  for await (const event of corpus.events(session)) events.push(event);
  const hashes: string[] = [];
  const numbers = new Set<number>();
  let acked_lost = 0;
  for (const event of events) {
    if (event.type !== 'slice.received') continue;
    hashes.push(event.data.audioHash);
    numbers.add(event.data.seq);
    const promised = acknowledged.get(event.data.seq);
    if (promised === undefined) continue;
    const bytes = await corpus.blob(session, event.blob ?? '').catch(() => new Uint8Array());
    if (sha256(bytes) !== promised) acked_lost += 1;
  }
  for (const seq of acknowledged.keys()) if (!numbers.has(seq)) acked_lost += 1;
  const places = events.flatMap((event) =>
    event.type === 'words.committed' ? event.data.words.map(({ start }) => start) : [],
  );
  const backwards = places.filter((start, index) => index > 0 && start < places[index - 1]!).length;
  return {
    slices: hashes.length,
    acked_lost,
    duplicated: hashes.length - new Set(hashes).size + (hashes.length - numbers.size) + backwards,
    gaps: numbers.size === 0 ? 0 : Math.max(...numbers) + 1 - numbers.size,
  };
}

export const wordsOf = (result: FinalResult): string =>
  result.segments
    .flatMap(({ words }) => words)
    .sort((a, b) => a.start - b.start)
    .map(({ text }) => text)
    .join(' ');
