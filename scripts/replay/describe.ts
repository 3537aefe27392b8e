/** Events, rows and results as lines for a person. Pure. */

import type { ChunkRow } from '../../server/corpus/chunk-rows.ts';
import type { SessionSummary } from '../../server/corpus/corpus.ts';
import type { CorpusEvent, FinalResult } from '../../shared/events.ts';
import { textOf } from '../../shared/transcript.ts';

/** `1:02:03.4`, from seconds. */
export function clockTime(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const parts = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10] as const;
  const [hours, minutes, rest] = parts;
  const shown = `${String(minutes).padStart(2, '0')}:${rest.toFixed(1).padStart(4, '0')}`;
  return hours > 0 ? `${hours}:${shown}` : shown;
}

const span = ({ start, end }: { start: number; end: number }) => `${clockTime(start)}–${clockTime(end)}`;

/** What an event says, in one line, without its number and time. */
export function describeEvent(event: CorpusEvent): string {
  switch (event.type) {
    case 'session.opened':
      return `opened by ${event.data.owner} of ${event.data.tenant}, language ${event.data.language}`;
    case 'consent.recorded':
      return `consent, told to ${event.data.by}: ${event.data.statement}`;
    case 'session.paused':
    case 'session.resumed':
      return `at ${clockTime(event.data.at)}`;
    case 'slice.received':
      return `slice ${event.data.seq}, epoch ${event.data.epoch}, ${event.data.bytes} bytes of ${event.data.mime}`;
    case 'slice.decoded':
      return `slice ${event.data.seq}, ${span(event.data)}`;
    case 'slice.degraded':
      return `slice ${event.data.seq}, ${span(event.data)}: ${event.data.reason}`;
    case 'audio.stored':
      return span(event.data);
    case 'language.settled':
      return `${event.data.language}, probability ${event.data.probability.toFixed(2)}`;
    case 'words.committed':
      return `through ${clockTime(event.data.through)}: ${textOf(event.data.words)}`;
    case 'stretch.transcribed':
      return `${span(event.data)}: ${textOf(event.data.words)}`;
    case 'window.diarized':
      return `window ${event.data.index}, ${event.data.method}`;
    case 'finish.requested':
      return `by ${event.data.by}`;
    case 'finish.started':
      return `try ${event.data.attempt}`;
    case 'finish.completed':
      return `${event.data.words} words, ${event.data.speakers} speakers`;
    case 'finish.failed':
      return `try ${event.data.attempt}, ${event.data.code}${event.data.final ? ', for good' : ''}`;
    case 'speaker.labelled': {
      const { speaker, name, role, by, undoes } = event.data;
      if (undoes !== undefined) return `${by} takes back event ${undoes}`;
      return `${by} calls ${speaker} ${[name, role].filter(Boolean).join(', ')}`;
    }
    case 'voice.enrolled':
      return `a voice, ${event.data.seconds.toFixed(1)} s of speech, ${event.data.embedder}`;
    case 'vocabulary.changed':
      return `${event.data.terms.length} terms by ${event.data.by}`;
    case 'session.read':
    case 'session.exported':
      return `${event.data.what} by ${event.data.by}`;
    case 'session.erased':
      return `by ${event.data.by}${event.data.reason === '' ? '' : `: ${event.data.reason}`}`;
    case 'access.denied':
      return `${event.data.what} to ${event.data.by}, ${event.data.code}`;
  }
}

/** `since`: milliseconds since 1970 of the session's first event. */
export function eventLine(event: CorpusEvent, since: number): string {
  const offset = clockTime(Math.max(0, Date.parse(event.at) - since) / 1000);
  return `${String(event.n).padStart(5)}  ${offset.padStart(9)}  ${event.type.padEnd(19)}  ${describeEvent(event)}`;
}

/** The transcript, one segment a line, under the names that people gave. */
export function segmentLines({ segments, speakers }: FinalResult): string[] {
  const names = new Map(speakers.map(({ id, name }) => [id, name ?? id]));
  const width = Math.max(0, ...segments.map(({ speaker }) => (names.get(speaker) ?? speaker).length));
  return segments.map((segment) => {
    const name = names.get(segment.speaker) ?? segment.speaker;
    return `${clockTime(segment.start).padStart(9)}  ${name.padEnd(width)}  ${textOf(segment.words)}`;
  });
}

export function rowLine(row: ChunkRow): string {
  const { timestamp_start: start, timestamp_end: end } = row;
  const place = start === null || end === null ? 'not placed' : span({ start, end });
  return [row.chunk_id, place, row.speaker ?? '', row.transcription].join('  ');
}

/** A table with a heading; a list without sessions has only that. */
export function sessionTable(sessions: readonly SessionSummary[]): string[] {
  const rows = [
    ['session', 'opened', 'state', 'slices', 'events', 'owner', 'tenant'],
    ...sessions.map(({ session, openedAt, state, slices, events, owner, tenant }) => [
      ...[session, openedAt, state, String(slices), String(events), owner, tenant],
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** What a person wants to know of a result at once; holds nothing that was said. */
export function summarizeResult(result: FinalResult) {
  return {
    session: result.session,
    duration: result.duration,
    language: result.language,
    words: result.segments.reduce((sum, segment) => sum + segment.words.length, 0),
    segments: result.segments.length,
    speakers: result.speakers.map(({ id }) => id),
    engine: result.transcription.engine?.name ?? 'none',
    pass: result.transcription.pass,
    diarization: result.diarization.method,
    audio: result.audio,
    coverage: result.coverage,
    warnings: result.warnings.map(({ code }) => code),
  };
}
