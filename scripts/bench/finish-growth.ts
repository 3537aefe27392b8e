/**
 * Seconds from finish to the final text after 5, 20 and 60 minutes, recorded faster than real time, with the work that
 * can be done in the background done. The tone recogniser answers at once, so nothing hides what grows: the session's
 * file, merging the two passes, the result itself.
 */
import { startToneServer } from '../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import type { Bench } from './bench.ts';
import { startBenchServer } from './bench-server.ts';
import { recordPaced } from './record-paced.ts';
import { loop } from './slices.ts';
import { median, rounded } from './statistics.ts';

const MINUTES = [5, 20, 60];
const RUNS = 3;
const WORDS = 600;
const SEED = 3;

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
      // What warms up must neither look like growth nor hide it.
      await recordPaced(server, { pieces: loop(audio, 60), drain: true });
      for (let run = 1; run <= RUNS; run += 1) {
        for (const minutes of MINUTES) {
          const pieces = loop(audio, 60 * minutes);
          const { finishSeconds } = await recordPaced(server, { pieces, drain: true });
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
