/**
 * The window work of diarization with networks of the published sizes: how much of real time it takes (a window each
 * second), and what it costs the live text. The latter is slice-latency's 50th percentile with the background work on
 * against off, each round with a server of its own, since work that is left over would disturb the next.
 */
import path from 'node:path';
import { cacheDirectory } from '../../fixtures/engines/cache-directory.ts';
import { writeNetworks } from '../../fixtures/onnx/write-networks.ts';
import { concatSamples } from '../../server/audio/pcm.ts';
import { SAMPLE_RATE } from '../../server/audio/stream-decoder.ts';
import { createDiarizer } from '../../server/diarization/create-diarizer.ts';
import { WINDOW } from '../../server/diarization/diarizer.ts';
import { createLog } from '../../server/ops/log.ts';
import type { Bench } from './bench.ts';
import { startBenchServer } from './bench-server.ts';
import { roundOf } from './slice-latency.ts';
import { loop } from './slices.ts';
import { speech } from './speech.ts';
import { median, rounded } from './statistics.ts';
import { whisperEnvironment } from './whisper.ts';

const WINDOWS = 24;
const ROUNDS = 5;

export const segmentation: Bench = {
  name: 'segmentation',
  about:
    "real-time factor of the speakers' window work with full-size networks, and its share of the live latency (latency_ratio <= 1.1)",
  limit: 900,
  async run(say) {
    const audio = await speech();
    const networks = await writeNetworks(path.join(cacheDirectory, 'full-size-networks'), 'full-size');
    const factor = await realTimeFactor(networks, audio);
    say(`real-time factor ${rounded(factor)}`);

    const off = await whisperEnvironment('base');
    const on = await whisperEnvironment('base');
    await writeNetworks(on.AUSCULT_MODELS!, 'full-size');
    const latencies = { off: [] as number[], on: [] as number[] };
    let windows = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      // Turn about, so that what slows the machine down for a while meets both.
      for (const which of round % 2 === 1 ? (['off', 'on'] as const) : (['on', 'off'] as const)) {
        const measured = await measure({ off, on }[which], audio);
        latencies[which].push(median(measured.latencies) ?? Number.NaN);
        if (which === 'on') windows += measured.windows;
        say(
          `round ${round}, ${which}: p50 ${rounded(median(measured.latencies), 0)} ms, ${measured.windows} windows`,
        );
      }
    }
    const [p50Off, p50On] = [median(latencies.off), median(latencies.on)];
    return {
      real_time_factor: rounded(factor, 3),
      latency_ratio: rounded(Number(p50On) / Number(p50Off), 3),
      p50_ms_on: rounded(p50On, 0),
      p50_ms_off: rounded(p50Off, 0),
      // Without any, the machine was never idle enough and the ratio says nothing.
      background_windows: windows,
    };
  },
};

/** Seconds of work for a second of audio, batched as during a finish. */
async function realTimeFactor(modelsDirectory: string, audio: Int16Array): Promise<number> {
  const log = createLog('error', false);
  const diarizer = await createDiarizer({ modelsDirectory, standIn: false, phantomSeconds: 0, log });
  if (diarizer === undefined) throw new Error('the networks do not load');
  try {
    const long = concatSamples([...loop(audio, WINDOW.duration + WINDOWS)]);
    const analyse = (index: number) => {
      const start = index * WINDOW.step * SAMPLE_RATE;
      return diarizer.analyseWindow(index, long.slice(start, start + WINDOW.duration * SAMPLE_RATE));
    };
    await analyse(0);
    const begun = performance.now();
    await Promise.all(Array.from({ length: WINDOWS }, (_, index) => analyse(index)));
    return (performance.now() - begun) / 1000 / (WINDOWS * WINDOW.step);
  } finally {
    await diarizer.close();
  }
}

async function measure(environment: Record<string, string>, audio: Int16Array) {
  const server = await startBenchServer(environment);
  try {
    const latencies = await roundOf(server, audio, 1);
    const { sessions } = await server.api<{ sessions: { session: string }[] }>('/api/sessions');
    const { events } = await server.api<{ events: { type: string }[] }>(
      `/api/sessions/${sessions[0]!.session}/events`,
    );
    return {
      latencies: latencies.shown,
      windows: events.filter(({ type }) => type === 'window.diarized').length,
    };
  } finally {
    await server.stop();
  }
}
