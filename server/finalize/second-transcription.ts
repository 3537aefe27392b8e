/** What the second pass has heard of the whole session, as the text of its result. Pure. */
import type { EngineDescription, EventData, FinalResult } from '../../shared/events.ts';
import type { Word } from '../../shared/transcript.ts';
import { finalWords } from '../speech/final-words.ts';
import { assessQuality, qualityCodes } from '../speech/quality.ts';
import { type Transcription, textWarnings } from './finish-session.ts';

export interface Heard {
  stretches: readonly EventData<'stretch.transcribed'>[];
  /** Stand where no stretch has been. */
  live: readonly Word[];
  language: string;
  engine: EngineDescription | null;
}

export function secondTranscription({ stretches, live, language, engine }: Heard): Transcription {
  const words = finalWords(stretches, live);
  const { warnings } = assessQuality({
    words,
    speech: stretches.reduce((sum, stretch) => sum + stretch.speech, 0),
    language,
    heardAs: stretches.flatMap((stretch) => stretch.language ?? []),
    dropped: stretches.reduce((sum, stretch) => sum + stretch.dropped, 0),
  });
  return { words, language, engine, warnings };
}

const aboutText: ReadonlySet<string> = new Set([...qualityCodes, ...textWarnings]);

/** What a result warns of that another transcription does not change. */
export const lastingWarnings = ({ warnings }: FinalResult): FinalResult['warnings'] =>
  warnings.filter(({ code }) => !aboutText.has(code));
