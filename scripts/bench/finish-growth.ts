/**
 * Seconds from finish to the final text after 5, 20 and 60 minutes, recorded faster than real time, with the work that
 * can be done in the background done. All of them end alike, so that the last stretch is as long in each and what
 * differs is what grows: the session's file, merging the two passes, the result itself.
 */
import { startToneServer } from '../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import { concatSamples } from '../../server/audio/pcm.ts';
import { SAMPLE_RATE } from '../../server/audio/stream-decoder.ts';
import type { Bench } from './bench.ts';
import { startBenchServer } from './bench-server.ts';
import { recordPaced } from './record-paced.ts';
import { cut, loop, SLICE_SECONDS } from './slices.ts';
import { median, rounded } from './statistics.ts';

const MINUTES = [5, 20, 60];
const RUNS = 5;
const WORDS = 600;
const SEED = 3;
/** Phrases of about thirteen seconds with pauses in which the second pass cuts, wherever it cut before. */
const LAST_PHRASES = 8;
const WORDS_A_PHRASE = 26;
const PAUSE_SECONDS = 1.2;

export const finishGrowth: Bench = {
  name: 'finish-growth',
  about: 'seconds from finish to the final text after 5, 20 and 60 minutes (ratio_60_to_5 <= 1.5)',
  limit: 1500,
  async run(say) {
    const { audio } = renderToneSpeech(randomToneWords(WORDS, SEED), { seed: SEED });
    const tones = await startToneServer();
    const server = await startBenchServer({ WHISPER_URL: tones.url });
    try {
      const seconds = new Map<number, number[]>(MINUTES.map((minutes) => [minutes, []]));
      const ending = [...cut(lastPhrases())];
      const record = (minutes: number) => {
        const body = loop(audio, 60 * minutes - ending.length * SLICE_SECONDS);
        return recordPaced(server, { pieces: chain(body, ending), drain: true });
      };
      // What warms up must neither look like growth nor hide it.
      await record(3);
      for (let run = 1; run <= RUNS; run += 1) {
        for (const minutes of MINUTES) {
          const { finishSeconds } = await record(minutes);
          seconds.get(minutes)!.push(finishSeconds);
          say(`run ${run}, after ${minutes} min: ${rounded(finishSeconds, 3)} s`);
        }
      }
      const of = (minutes: number) => median(seconds.get(minutes) ?? []);
      return {
        ratio_60_to_5: rounded(Number(of(60)) / Number(of(5))),
        seconds_5: rounded(of(5), 3),
        seconds_20: rounded(of(20), 3),
        seconds_60: rounded(of(60), 3),
      };
    } finally {
      await server.stop();
      await tones.close();
    }
  },
};

function lastPhrases(): Int16Array {
  const pause = new Int16Array(PAUSE_SECONDS * SAMPLE_RATE);
  const phrases = Array.from({ length: LAST_PHRASES }, (_, index) => {
    const seed = SEED + 1 + index;
    return renderToneSpeech(randomToneWords(WORDS_A_PHRASE, seed), { seed }).audio;
  });
  return concatSamples(phrases.flatMap((phrase) => [phrase, pause]));
}

function* chain<Item>(...parts: Iterable<Item>[]): Iterable<Item> {
  for (const part of parts) yield* part;
}
