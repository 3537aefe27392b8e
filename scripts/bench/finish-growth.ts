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
/** Of the finish itself: it can be asked for again, with the session as it is. */
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
      const seconds: Record<number, number[]> = {};
      // The shortest first and last: what warms up must not look like growth, or hide it.
      await recordPaced(server, { pieces: loop(audio, 60), drain: true });
      for (const minutes of MINUTES) {
        const runs = minutes === MINUTES.at(-1) ? 1 : RUNS;
        const times: number[] = [];
        for (let run = 0; run < runs; run += 1) {
          const { finishSeconds } = await recordPaced(server, {
            pieces: loop(audio, 60 * minutes),
            drain: true,
          });
          times.push(finishSeconds);
        }
        seconds[minutes] = times;
        say(`after ${minutes} min: ${times.map((time) => rounded(time, 3)).join(', ')} s`);
      }
      const of = (minutes: number) => median(seconds[minutes] ?? []) ?? Number.NaN;
      return {
        ratio_60_to_5: rounded(of(60) / of(5)),
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
