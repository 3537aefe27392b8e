/** Two hours of slices: the server's heap and resident memory at ten minutes and at the end. */

import { startToneServer } from '../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import type { Bench } from './bench.ts';
import { type BenchServer, startBenchServer } from './bench-server.ts';
import { recordPaced } from './record-paced.ts';
import { loop } from './slices.ts';
import { median, rounded } from './statistics.ts';

const MINUTE = 60;
const LENGTH = 120 * MINUTE;
/** Memory is read all through the minutes that end at these moments. */
const MOMENTS = [10 * MINUTE, LENGTH];
const READ_FOR = 3 * MINUTE;
const WORDS = 600;
const SEED = 5;

interface Reading {
  heap: number;
  resident: number;
}

export const longSession: Bench = {
  name: 'long-session',
  about: 'two hours of slices: memory at the end to memory at ten minutes (growth <= 1.1)',
  limit: 1500,
  async run(say) {
    const { audio } = renderToneSpeech(randomToneWords(WORDS, SEED), { seed: SEED });
    const tones = await startToneServer();
    const server = await startBenchServer({ WHISPER_URL: tones.url });
    const readings: Reading[][] = MOMENTS.map(() => []);
    try {
      await recordPaced(server, {
        pieces: loop(audio, LENGTH),
        async onListened(seconds) {
          const index = MOMENTS.findIndex((moment) => seconds <= moment && seconds > moment - READ_FOR);
          if (index !== -1) readings[index]!.push(await readingOf(server));
          if (seconds % (10 * MINUTE) === 0) {
            const { heap, resident } = await readingOf(server);
            say(`${seconds / MINUTE} min: heap ${rounded(heap, 1)} MB, resident ${rounded(resident, 1)} MB`);
          }
        },
      });
    } finally {
      await server.stop();
      await tones.close();
    }
    const [early, late] = readings.map(summary);
    const growth = { heap: late!.heap / early!.heap, resident: late!.resident / early!.resident };
    return {
      growth: rounded(Math.max(growth.heap, growth.resident)),
      heap_growth: rounded(growth.heap),
      rss_growth: rounded(growth.resident),
      heap_mb: [early, late].map((reading) => rounded(reading!.heap, 1)),
      rss_mb: [early, late].map((reading) => rounded(reading!.resident, 1)),
    };
  },
};

/** The heap's floor is what is held; above it is what the next collection frees. Megabytes. */
function summary(readings: readonly Reading[]): Reading {
  return {
    heap: Math.min(...readings.map(({ heap }) => heap)),
    resident: median(readings.map(({ resident }) => resident)) ?? Number.NaN,
  };
}

async function readingOf(server: BenchServer): Promise<Reading> {
  const metrics = await server.metrics();
  const megabytes = (name: string) => (metrics.get(name) ?? Number.NaN) / 1e6;
  return {
    heap: megabytes('nodejs_heap_size_used_bytes'),
    resident: megabytes('process_resident_memory_bytes'),
  };
}
