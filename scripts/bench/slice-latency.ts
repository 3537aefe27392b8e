/**
 * From a slice sent to its text received, over the socket: 3 s slices of a real voice in real-time rhythm, a real
 * whisper-server with a full-size base model of made-up weights. `p50_ms`, `p95_ms`: until the first text with a word
 * that ends within the slice or after it. `settled_p50_ms`: until less than a second of speech waits to be listened to
 * and what is certain is committed. Slices without speech have no text and are left out.
 */
import type { ServerMessage } from '../../shared/protocol.ts';
import type { Word } from '../../shared/transcript.ts';
import { startRecording } from '../client/node-client.ts';
import type { Bench } from './bench.ts';
import { type BenchServer, startBenchServer } from './bench-server.ts';
import { loop, SLICE_SECONDS, sliceOf } from './slices.ts';
import { speech } from './speech.ts';
import { median, percentile, rounded } from './statistics.ts';
import { whisperEnvironment } from './whisper.ts';

const SESSIONS = [1, 2, 4];
const ROUNDS = 3;
const SLICES = 12;
/** The window has its usual length from then on. */
const WARM_UP = 2;
/** How long the last slices' text is waited for: milliseconds. */
const PATIENCE = 6_000;

export const sliceLatency: Bench = {
  name: 'slice-latency',
  about:
    'milliseconds from a 3 s slice to its text, 1, 2 and 4 sessions, base model (1: p50 < 200, p95 < 400)',
  limit: 600,
  async run(say) {
    const audio = await speech();
    const server = await startBenchServer(await whisperEnvironment('base'));
    try {
      const measured = new Map<number, Latencies[]>(SESSIONS.map((count) => [count, []]));
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const count of SESSIONS) {
          const latencies = await roundOf(server, audio, count);
          measured.get(count)!.push(latencies);
          say(`round ${round + 1}, ${count} at once: p50 ${rounded(median(latencies.shown), 0)} ms`);
        }
      }
      const sessions = Object.fromEntries(SESSIONS.map((count) => [count, figures(measured.get(count)!)]));
      return { ...sessions[1], sessions };
    } finally {
      await server.stop();
    }
  },
};

/** Milliseconds. */
export interface Latencies {
  shown: number[];
  settled: number[];
}

/** The median of the rounds' medians; the 95th percentile of all, as a round has too few for one of its own. */
function figures(rounds: readonly Latencies[]) {
  const shown = rounds.flatMap((round) => round.shown);
  const settled = rounds.flatMap((round) => round.settled);
  return {
    p50_ms: rounded(median(rounds.flatMap((round) => median(round.shown) ?? [])), 0),
    p95_ms: rounded(percentile(shown, 0.95), 0),
    settled_p50_ms: rounded(median(settled), 0),
    settled_p95_ms: rounded(percentile(settled, 0.95), 0),
    slices: shown.length,
  };
}

/** Milliseconds for each slice of `count` sessions at once. */
export async function roundOf(server: BenchServer, audio: Int16Array, count: number): Promise<Latencies> {
  const begin = Date.now() + 500;
  // No two sessions of a clinic keep step: the golden ratio spreads them unevenly over the three seconds.
  const phases = Array.from({ length: count }, (_, index) => (index * 0.618 * SLICE_SECONDS) % SLICE_SECONDS);
  const all = await Promise.all(phases.map((phase) => record(server, audio, begin + 1000 * phase)));
  return {
    shown: all.flatMap(({ shown }) => shown),
    settled: all.flatMap(({ settled }) => settled),
  };
}

async function record(server: BenchServer, audio: Int16Array, begin: number): Promise<Latencies> {
  const latencies: Latencies = { shown: [], settled: [] };
  const waiting = new Map<number, { sent: number; shown?: number }>();
  let lastText = 0;
  let settled = () => {};

  const onText = (words: readonly Word[]) => {
    lastText = performance.now();
    const end = words.at(-1)?.end ?? 0;
    for (const [ordinal, slice] of waiting) {
      if (end > ordinal * SLICE_SECONDS) slice.shown ??= lastText - slice.sent;
    }
  };
  const onMessage = (message: ServerMessage) => {
    if (message.type === 'tail') onText(message.words);
    if (message.type === 'update' && message.event === 'words.committed') {
      onText((message.data as { words: Word[] }).words);
    }
    if (message.type !== 'status' || message.behind >= 1) return;
    for (const [ordinal, { sent, shown }] of waiting) {
      if ((ordinal + 1) * SLICE_SECONDS > message.coverage.decoded + 0.01) break;
      waiting.delete(ordinal);
      if (shown === undefined || ordinal < WARM_UP) continue;
      latencies.shown.push(shown);
      latencies.settled.push(lastText - sent);
    }
    if (waiting.size === 0) settled();
  };

  async function* inRealTime() {
    let ordinal = 0;
    for (const piece of loop(audio, SLICES * SLICE_SECONDS)) {
      ordinal += 1;
      await until(begin + 1000 * SLICE_SECONDS * ordinal);
      yield sliceOf(piece);
    }
    await Promise.race([
      until(Date.now() + PATIENCE),
      new Promise<void>((resolve) => {
        settled = resolve;
      }),
    ]);
  }

  const recording = startRecording({
    server: server.origin,
    token: server.token,
    slices: inRealTime(),
    language: 'en',
    onSending: (ordinal) => waiting.set(ordinal, { sent: performance.now() }),
    onMessage,
  });
  await recording.done;
  // A slice whose text never came counts as one that took all the time there was.
  for (const { sent, shown } of waiting.values()) {
    latencies.shown.push(shown ?? performance.now() - sent);
    latencies.settled.push(performance.now() - sent);
  }
  return latencies;
}

const until = (time: number) => new Promise<void>((resolve) => setTimeout(resolve, time - Date.now()));
