/** What the corpus's tests share: a directory of their own, a corpus in it, and a seeded source of numbers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { CorpusEvent, NewEvent } from '../../shared/events.ts';
import type { Corpus } from './corpus.ts';
import { type CorpusOptions, createCorpus } from './create-corpus.ts';

export function createDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'auscult-corpus-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function optionsFor(directory: string, more: Partial<CorpusOptions> = {}): CorpusOptions {
  return {
    directory: join(directory, 'data'),
    masterKeyFile: join(directory, 'master.key'),
    reserveBytes: 0,
    ...more,
  };
}

export async function createTestCorpus(t: Test, more: Partial<CorpusOptions> = {}) {
  const directory = createDirectory(t);
  const options = optionsFor(directory, more);
  const corpus = await createCorpus(options);
  t.teardown(() => corpus.close());
  return { corpus, directory, options };
}

export const opened = { language: 'en', owner: 'clinician-1', tenant: 'practice-1' };

export function slice(seq: number, bytes: Uint8Array = Uint8Array.from([seq & 255, 1, 2, 3])): NewEvent {
  const audioHash = `sha256:${seq.toString(16).padStart(64, '0')}`;
  const data = {
    seq,
    epoch: 0,
    mime: 'audio/webm',
    audioHash,
    bytes: bytes.byteLength,
    durationMs: 3000,
    capturedAt: 0,
  };
  return { type: 'slice.received', data, blob: bytes };
}

export function words(...texts: string[]): NewEvent {
  const said = texts.map((text, index) => ({ text, start: index, end: index + 0.5, probability: 0.9 }));
  return { type: 'words.committed', data: { words: said, through: texts.length } };
}

export async function readAll(corpus: Corpus, session: string, after = 0): Promise<CorpusEvent[]> {
  const events: CorpusEvent[] = [];
  for await (const event of corpus.events(session, after)) events.push(event);
  return events;
}

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A new seed each time, printed so that a failure can be run again with `SEED`. */
export function pickSeed(t: Test): number {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.comment(`seed ${seed}`);
  return seed;
}
