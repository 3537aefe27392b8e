/**
 * The end of a session, once: its audio closed, transcription and speakers side by side, words under speakers.
 * Transcription and diarization fail apart (rule F3). What it needs is passed in, so this file only says the order.
 */
import type { Coverage, EngineDescription, FinalResult } from '../../shared/events.ts';
import type { ServerMessage } from '../../shared/protocol.ts';
import { UNKNOWN_SPEAKER, type Word } from '../../shared/transcript.ts';
import type { Diarization } from '../diarization/diarizer.ts';
import { alignWords, sliceSpeakers } from './align.ts';

export type FinishStage = Extract<ServerMessage, { type: 'progress' }>['stage'];
export type ReportProgress = (stage: FinishStage, ratio: number) => void;

export interface Transcription {
  words: Word[];
  language: string;
  engine: EngineDescription | null;
  warnings: FinalResult['warnings'];
}

export interface FinishParts {
  session: string;
  request: string;
  /** Every stored slice decoded and on the timeline. */
  settleAudio(): Promise<void>;
  /** The session's WAV, closed. */
  closeAudio(): Promise<FinalResult['audio']>;
  /** The second pass over the whole. Rejects where no engine can do it now. */
  transcribe(onProgress: (ratio: number) => void): Promise<Transcription>;
  /** What the live pass has left, for when the second cannot be had. */
  liveTranscription(): Transcription;
  diarize(onProgress: (ratio: number) => void): Promise<Diarization>;
  /** Per speaker the name, where the voice is a known one. */
  nameSpeakers(diarization: Diarization): Promise<(string | undefined)[]>;
  /** Read after `settleAudio`. Seconds on the timeline. */
  timeline(): { duration: number; slices: { start: number; end: number }[]; coverage: Coverage };
}

/** Neither words nor speakers could be had; the audio is safe and finishing can be asked for again. */
export class NothingToShowError extends Error {
  override readonly name = 'NothingToShowError';
}

const warnings = {
  SECOND_PASS_MISSING: 'The second transcription could not be made; the live text stands.',
  TEXT_OWED: 'No speech engine was available, so there is no text yet; finish again once there is one.',
  SPEAKERS_MISSING: 'Speakers could not be told apart; every word stands under "unknown".',
  VOICES_UNREAD: 'The known voices could not be read; speakers have no names.',
} as const;

/** What this file warns of because of the text. */
export const textWarnings: readonly string[] = [
  'SECOND_PASS_MISSING',
  'TEXT_OWED',
] satisfies (keyof typeof warnings)[];

const warn = (code: keyof typeof warnings) => ({ code, message: warnings[code] });

// How the whole of finishing is shared out for the progress bar.
const share = { audio: 0.1, passes: 0.85 } as const;

export async function finishSession(parts: FinishParts, report: ReportProgress): Promise<FinalResult> {
  report('audio', 0);
  await parts.settleAudio();
  const audio = await parts.closeAudio();

  const done = { transcription: 0, diarization: 0 };
  const passed = (stage: keyof typeof done) => (ratio: number) => {
    done[stage] = ratio;
    report(stage, share.audio + (share.passes * (done.transcription + done.diarization)) / 2);
  };
  const [transcribed, diarized] = await Promise.allSettled([
    parts.transcribe(passed('transcription')),
    parts.diarize(passed('diarization')),
  ]);
  if (transcribed.status === 'rejected' && diarized.status === 'rejected') {
    throw new NothingToShowError('neither transcription nor diarization succeeded', {
      cause: [transcribed.reason, diarized.reason],
    });
  }

  report('alignment', share.audio + share.passes);
  const second = transcribed.status === 'fulfilled';
  const transcription = second ? transcribed.value : parts.liveTranscription();
  const diarization = diarized.status === 'fulfilled' ? diarized.value : undefined;
  const names = diarization && (await parts.nameSpeakers(diarization).catch(() => undefined));
  const { duration, slices, coverage } = parts.timeline();
  const { turns, exclusiveTurns } = diarization ?? { turns: [], exclusiveTurns: [] };
  const segments = alignWords(transcription.words, {
    turns,
    exclusiveTurns,
  });
  const owed = !second && transcription.words.length === 0;

  return {
    session: parts.session,
    request: parts.request,
    duration,
    language: transcription.language,
    segments,
    speakers: speakersOf(diarization?.speakers ?? [], names ?? [], segments),
    turns,
    exclusiveTurns,
    sliceSpeakers: sliceSpeakers(slices, segments),
    transcription: { engine: transcription.engine, pass: second ? 'second' : owed ? 'none' : 'live' },
    diarization: { method: diarization?.method ?? 'none' },
    audio,
    coverage: { ...coverage, labelled: lengthOf(turns) },
    warnings: [
      ...(second ? [] : [warn(owed ? 'TEXT_OWED' : 'SECOND_PASS_MISSING')]),
      ...transcription.warnings,
      ...(diarization === undefined ? [warn('SPEAKERS_MISSING')] : diarization.warnings),
      ...(diarization !== undefined && names === undefined ? [warn('VOICES_UNREAD')] : []),
    ],
  };
}

function speakersOf(
  ids: readonly string[],
  names: readonly (string | undefined)[],
  segments: FinalResult['segments'],
): FinalResult['speakers'] {
  const unknown = segments.some((segment) => segment.speaker === UNKNOWN_SPEAKER) ? [UNKNOWN_SPEAKER] : [];
  return [...ids, ...unknown].map((id, index) => {
    const name = names[index];
    return { id, ...(name === undefined ? {} : { name }), role: 'unknown' };
  });
}

/** Seconds covered by at least one turn. */
function lengthOf(turns: FinalResult['turns']): number {
  let covered = 0;
  let reached = 0;
  for (const { start, end } of turns.toSorted((a, b) => a.start - b.start)) {
    covered += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return covered;
}
