/** Prints what a session holds: its events in their rhythm, or a row for each of its slices. */
import { chunkRows } from '../../server/corpus/chunk-rows.ts';
import type { Corpus } from '../../server/corpus/corpus.ts';
import { labelled, standingLabels } from '../../server/finalize/labels.ts';
import { decodeResult } from '../../server/finalize/result-codec.ts';
import type { CorpusEvent, FinalResult } from '../../shared/events.ts';
import { eventLine, rowLine, segmentLines } from './describe.ts';
import { inRhythm, type Rhythm } from './rhythm.ts';

export interface ShowOptions {
  corpus: Corpus;
  session: string;
  /** One JSON object a line instead of lines for a person. */
  json: boolean;
  say(line: string): void;
}

/** In JSON, `finish.completed` carries its `result`; for a person the transcript follows it. */
export async function showEvents(options: ShowOptions & { rhythm: Rhythm }): Promise<void> {
  const { corpus, session, json, say, rhythm } = options;
  const labels = standingLabels(await collect(corpus.events(session)));
  let since: number | undefined;
  for await (const event of inRhythm(corpus.events(session), ({ at }) => Date.parse(at), rhythm)) {
    since ??= Date.parse(event.at);
    const result =
      event.type === 'finish.completed' ? await readResult(corpus, session, event.blob) : undefined;
    if (json) {
      say(JSON.stringify({ ...event, ...(result && { result }) }));
      continue;
    }
    say(eventLine(event, since));
    if (result !== undefined) for (const line of segmentLines(labelled(result, labels))) say(line);
  }
}

export async function showRows({ corpus, session, json, say }: ShowOptions): Promise<void> {
  const events = await collect(corpus.events(session));
  const completed = events.findLast((event) => event.type === 'finish.completed');
  const result = await readResult(corpus, session, completed?.blob);
  for (const row of chunkRows(events, result)) say(json ? JSON.stringify(row) : rowLine(row));
}

async function readResult(
  corpus: Corpus,
  session: string,
  address: string | undefined,
): Promise<FinalResult | undefined> {
  return address === undefined ? undefined : decodeResult(await corpus.blob(session, address));
}

async function collect(events: AsyncIterable<CorpusEvent>): Promise<CorpusEvent[]> {
  const all: CorpusEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
