/** The rows a reader wants, one per slice, folded from a session's events. Pure; linear in slices and words. */
import type { CorpusEvent, EventOf, FinalResult } from '../../shared/events.ts';
import { textOf, type Word } from '../../shared/transcript.ts';

export interface ChunkRow {
  /** `<session>_chunk_<number>_<first eight hex digits of the audio's hash>`. */
  chunk_id: string;
  session_id: string;
  chunk_number: number;
  /** Seconds on the session's timeline; null while the slice is stored and not yet placed on it. */
  timestamp_start: number | null;
  timestamp_end: number | null;
  /** The words whose middle lies in the slice: the committed ones, after finalising the final ones. */
  transcription: string;
  /** `sha256:` and the hex digest of the slice's bytes as they came. */
  audio_hash: string;
  /** ISO 8601 in UTC. */
  created_at: string;
  /** Who speaks most of the slice; only after finalising. */
  speaker?: string;
}

/** `final` is the blob of the newest `finish.completed`, where there is one. */
export function chunkRows(events: readonly CorpusEvent[], final?: FinalResult): ChunkRow[] {
  const received = eventsOf(events, 'slice.received').sort((a, b) => a.data.seq - b.data.seq);
  const placed = new Map(
    [...eventsOf(events, 'slice.decoded'), ...eventsOf(events, 'slice.degraded')].map(({ data }) => [
      data.seq,
      data,
    ]),
  );
  const words = final
    ? final.segments.flatMap((segment) => segment.words)
    : eventsOf(events, 'words.committed').flatMap((event) => event.data.words);
  const texts = textBySlice([...placed.values()], words);

  return received.map(({ session, at, data }, index) => {
    const place = placed.get(data.seq);
    const digest = data.audioHash.replace(/^sha256:/, '');
    const speaker = final?.sliceSpeakers[index];
    return {
      chunk_id: `${session}_chunk_${data.seq}_${digest.slice(0, 8)}`,
      session_id: session,
      chunk_number: data.seq,
      timestamp_start: place?.start ?? null,
      timestamp_end: place?.end ?? null,
      transcription: texts.get(data.seq) ?? '',
      audio_hash: data.audioHash,
      created_at: at,
      ...(speaker === undefined ? {} : { speaker }),
    };
  });
}

/** Both sides in order of time, so one walk puts every word into at most one slice: `start` ≤ middle < `end`. */
function textBySlice(
  slices: readonly { seq: number; start: number; end: number }[],
  words: readonly Word[],
): Map<number, string> {
  const inOrder = [...slices].sort((a, b) => a.start - b.start || a.seq - b.seq);
  const byMiddle = words
    .map((word) => ({ word, middle: (word.start + word.end) / 2 }))
    .sort((a, b) => a.middle - b.middle);
  const texts = new Map<number, string>();
  let next = 0;
  for (const [index, { seq, start, end }] of inOrder.entries()) {
    const mine: Word[] = [];
    // A word may end a little after the audio does; the last slice takes it rather than nobody.
    const until = index === inOrder.length - 1 ? Number.POSITIVE_INFINITY : end;
    while (next < byMiddle.length && byMiddle[next]!.middle < until) {
      const { word, middle } = byMiddle[next++]!;
      if (middle >= start) mine.push(word);
    }
    texts.set(seq, textOf(mine));
  }
  return texts;
}

function eventsOf<Type extends CorpusEvent['type']>(
  events: readonly CorpusEvent[],
  type: Type,
): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}
