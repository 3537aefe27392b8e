/**
 * Words at the seams between slices. A consultation in the tone language, in which a word cut by the edge of a window is
 * misheard, is cut into 3 s slices at every offset in steps of 100 ms: every word has to come out once. And real speech
 * through PocketSphinx: the live text of the slices against the same engine on the undivided file.
 */
import { readdirSync } from 'node:fs';
import { startToneServer } from '../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import { systemClock } from '../../server/clock.ts';
import type { Engine } from '../../server/speech/engine.ts';
import { createEngine } from '../../server/speech/engines/create-engine.ts';
import { wordErrorRate } from '../../server/speech/word-error-rate.ts';
import { textOf, type Word } from '../../shared/transcript.ts';
import type { Bench, Figures } from './bench.ts';
import { startBenchServer } from './bench-server.ts';
import { recordPaced } from './record-paced.ts';
import { cut, SLICE_SECONDS } from './slices.ts';
import { readAudio, sharedAudio } from './speech.ts';
import { rounded } from './statistics.ts';

const WORDS = 2000;
const SEED = 7;
const STEP = 0.1;
const SESSIONS_AT_ONCE = 3;
/** Where real speech is cut: seconds into the first slice. */
const SPEECH_OFFSETS = [0.6, 1.2, 1.8, 2.4, 3];
const JFK =
  'and so my fellow americans ask not what your country can do for you ask what you can do for your country';

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

/** `text`: what is said, where that is known. */
interface Recording {
  audio: Int16Array;
  text?: string;
}

/**
 * `ratio`: errors of the sliced live text to errors of the undivided hearing, summed over the recordings whose text is
 * known. For the others there is only `divergence`: the sliced text's word error rate with the undivided hearing taken
 * as the truth.
 */
async function realSpeech(say: (line: string) => void): Promise<Figures> {
  const searchPath = process.env.PATH ?? '';
  const whole = await createEngine({ clock: systemClock, pocketsphinx: true, searchPath, workers: 1 });
  if (whole === undefined) return { ratio: null, real_speech: 'PocketSphinx is not installed' };
  const server = await startBenchServer({ AUSCULT_STAND_IN: '1' });
  const known = { sliced: 0, undivided: 0, words: 0 };
  const unknown = { differing: 0, words: 0 };
  try {
    for (const { audio, text } of await recordings()) {
      const undivided = await hear(whole, audio);
      const offsets = text === undefined ? [SLICE_SECONDS] : SPEECH_OFFSETS;
      for (const offset of offsets) {
        const sliced = textOf((await recordPaced(server, { pieces: cut(audio, offset) })).live);
        if (text === undefined) {
          const { rate, length } = wordErrorRate(undivided, sliced);
          unknown.differing += rate * length;
          unknown.words += length;
          continue;
        }
        const reference = wordErrorRate(text, undivided);
        known.sliced += wordErrorRate(text, sliced).rate * reference.length;
        known.undivided += reference.rate * reference.length;
        known.words += reference.length;
      }
      say(`PocketSphinx: ${JSON.stringify({ known, unknown })}`);
    }
  } finally {
    await server.stop();
    await whole.close();
  }
  return {
    ratio: rounded(known.sliced / known.undivided),
    wer_sliced: rounded(known.sliced / known.words, 3),
    wer_undivided: rounded(known.undivided / known.words, 3),
    divergence_librispeech: rounded(unknown.differing / unknown.words, 3),
  };
}

async function hear(engine: Engine, audio: Int16Array): Promise<string> {
  const { words } = await engine.transcribe({ audio, language: 'en', priority: 'live' });
  return textOf(words);
}

/** One sentence whose text is known, and LibriSpeech, whose text is not here. */
async function recordings(): Promise<Recording[]> {
  const found: Recording[] = [];
  const jfk = sharedAudio('jfk.wav');
  if (jfk !== undefined) found.push({ audio: await readAudio(jfk), text: JFK });
  const directory = sharedAudio('librispeech');
  for (const name of directory === undefined ? [] : readdirSync(directory).toSorted()) {
    found.push({ audio: await readAudio(`${directory}/${name}`) });
  }
  return found;
}
