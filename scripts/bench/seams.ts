/**
 * Words at the seams between slices. A consultation in the tone language, in which a word cut by the edge of a window is
 * misheard, is cut into 3 s slices at every offset in steps of 100 ms: every word has to come out once. And real speech
 * through PocketSphinx: the live text of the slices against the same engine on the undivided files.
 */
import { startToneServer } from '../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import { systemClock } from '../../server/clock.ts';
import type { Engine } from '../../server/speech/engine.ts';
import { createEngine } from '../../server/speech/engines/create-engine.ts';
import { type WordErrors, wordErrorRate } from '../../server/speech/word-error-rate.ts';
import { textOf, type Word } from '../../shared/transcript.ts';
import type { Bench, Figures } from './bench.ts';
import { startBenchServer } from './bench-server.ts';
import { recordPaced } from './record-paced.ts';
import { cut, SLICE_SECONDS } from './slices.ts';
import { readAudio, sharedAudio } from './speech.ts';
import { SPOKEN_TEXTS } from './spoken-texts.ts';
import { rounded } from './statistics.ts';

const WORDS = 2000;
const SEED = 7;
const STEP = 0.1;
const SESSIONS_AT_ONCE = 3;
/** Where real speech is cut: seconds into the first slice. */
const SPEECH_OFFSETS = [0.6, 1.2, 1.8, 2.4, 3];

export const seams: Bench = {
  name: 'seams',
  about:
    'tone words lost or doubled at slice seams, at 30 offsets (all 0); PocketSphinx sliced to undivided (ratio <= 1.15)',
  limit: 2700,
  async run(say) {
    return { ...(await tones(say)), ...(await realSpeech(say)) };
  },
};

async function tones(say: (line: string) => void): Promise<Figures> {
  const said = randomToneWords(WORDS, SEED);
  const { audio } = renderToneSpeech(said, { seed: SEED });
  const engine = await startToneServer({ errors: { clipped: true } });
  const server = await startBenchServer({ WHISPER_URL: engine.url });
  const sum = { live: 0, final: 0, duplicates: 0, missing: 0 };
  const offsets = Array.from({ length: Math.round(SLICE_SECONDS / STEP) }, (_, index) => (index + 1) * STEP);
  const count = offsets.length;
  try {
    const next = async (): Promise<void> => {
      const offset = offsets.shift();
      if (offset === undefined) return;
      const { live, result } = await recordPaced(server, { pieces: cut(audio, offset) });
      const final = result.segments.flatMap((segment) => segment.words);
      const [errors, finalErrors] = [live, final].map((words) =>
        wordErrorRate(said.join(' '), textOf(words)),
      );
      sum.live += errors!.rate;
      sum.final += finalErrors!.rate;
      // No two neighbours are the same in what was said.
      sum.duplicates += repeats(live) + repeats(final);
      sum.missing += errors!.deletions + finalErrors!.deletions;
      say(`offset ${offset.toFixed(1)} s: word error rate ${errors!.rate} live, ${finalErrors!.rate} final`);
      return next();
    };
    await Promise.all(Array.from({ length: SESSIONS_AT_ONCE }, next));
  } finally {
    await server.stop();
    await engine.close();
  }
  return {
    wer_live: sum.live / count,
    wer_final: sum.final / count,
    duplicates: sum.duplicates,
    missing: sum.missing,
    words: WORDS,
    offsets: count,
  };
}

const repeats = (words: readonly Word[]) =>
  words.filter((word, index) => word.text === words[index - 1]?.text).length;

/**
 * `ratio`: errors of the sliced live text to errors of the undivided hearing, both summed over all recordings and
 * offsets. A single recording's may lie far from it (`ratios`): PocketSphinx hears other words after a shift of a third
 * of a second.
 */
async function realSpeech(say: (line: string) => void): Promise<Figures> {
  const searchPath = process.env.PATH ?? '';
  const whole = await createEngine({ clock: systemClock, pocketsphinx: true, searchPath, workers: 1 });
  if (whole === undefined) return { ratio: null, real_speech: 'PocketSphinx is not installed' };
  const server = await startBenchServer({ AUSCULT_STAND_IN: '1' });
  const sum = { sliced: 0, undivided: 0, words: 0 };
  const ratios: Record<string, number | null> = {};
  try {
    for (const [name, text] of Object.entries(SPOKEN_TEXTS)) {
      const file = sharedAudio(name);
      if (file === undefined) continue;
      const audio = await readAudio(file);
      const undivided = wordErrorRate(text, await hear(whole, audio));
      let sliced = 0;
      for (const offset of SPEECH_OFFSETS) {
        const { live } = await recordPaced(server, { pieces: cut(audio, offset) });
        sliced += errorsIn(wordErrorRate(text, textOf(live)));
      }
      const expected = errorsIn(undivided) * SPEECH_OFFSETS.length;
      sum.sliced += sliced;
      sum.undivided += expected;
      sum.words += undivided.length * SPEECH_OFFSETS.length;
      ratios[name] = expected === 0 ? null : rounded(sliced / expected);
      say(`PocketSphinx, ${name}: ${sliced} errors sliced, ${expected} undivided`);
    }
  } finally {
    await server.stop();
    await whole.close();
  }
  if (sum.words === 0) return { ratio: null, real_speech: 'the shared recordings are absent' };
  return {
    ratio: rounded(sum.sliced / sum.undivided),
    wer_sliced: rounded(sum.sliced / sum.words, 3),
    wer_undivided: rounded(sum.undivided / sum.words, 3),
    ratios,
  };
}

const errorsIn = ({ substitutions, insertions, deletions }: WordErrors) =>
  substitutions + insertions + deletions;

async function hear(engine: Engine, audio: Int16Array): Promise<string> {
  const { words } = await engine.transcribe({ audio, language: 'en', priority: 'live' });
  return textOf(words);
}
