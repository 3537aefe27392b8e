/** A long session, sped up, over a network that cuts, delays, duplicates, half-opens and throttles. */

import { randomToneWords } from '../../fixtures/engines/tone-speech.ts';
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { systemClock } from '../../server/clock.ts';
import { createArena } from './harness/arena.ts';
import { type BadNetwork, startBadNetwork } from './harness/bad-network.ts';
import { createClient, type Update } from './harness/client.ts';
import { reckon } from './harness/reckoning.ts';
import { recordTones } from './harness/sound.ts';
import type { Torture } from './torture.ts';

/** An hour has 1,200 slices. */
const SLICES_PER_FAULT = 24;
/** Milliseconds between slices. */
const PACE = 40;
/** The client's own patience runs so much faster, as its slices do. */
const SPEED = 5;
/** A word and the silence after it, on average, in a rhythm of natural speech: 3 s hold so many. */
const WORDS_PER_SLICE = 5.4;

const faults = ['cut', 'delay', 'duplicate', 'half-open', 'deaf', 'mute', 'throttle'] as const;

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => systemClock.after(milliseconds, resolve));

async function inflict(
  proxy: BadNetwork,
  fault: (typeof faults)[number],
  random: () => number,
): Promise<void> {
  switch (fault) {
    case 'cut':
      return proxy.cut();
    case 'delay':
      return proxy.delay(200 + random() * 1500);
    case 'duplicate':
      return proxy.duplicate(1 + Math.floor(random() * 12));
    case 'half-open':
      return proxy.halfOpen('both');
    case 'deaf':
      return proxy.halfOpen('down');
    case 'mute':
      return proxy.halfOpen('up');
    case 'throttle':
      proxy.throttle(50_000 + random() * 100_000);
      await wait(500 + random() * 1500);
      return proxy.throttle(0);
  }
}

/** Events that the client should have had and had not, or had twice. */
function missedUpdates(updates: readonly Update[], there: readonly number[]): number {
  const numbers = updates.map(({ n }) => n);
  const had = new Set(numbers);
  return there.filter((n) => !had.has(n)).length + (numbers.length - had.size);
}

export const network: Torture = {
  describes:
    'cuts, delays, duplicates, half-open connections and throttling in an hour-long session, sped up',
  count: 50,
  atMost: { gaps: 0, duplicated: 0, acked_lost: 0, not_arrived: 0, updates_missed: 0, resent_over_window: 1 },
  async run({ seed, count, say }) {
    const random = seededRandom(seed);
    const slices = count * SLICES_PER_FAULT;
    const { slices: sound } = recordTones(randomToneWords(Math.round(slices * WORDS_PER_SLICE), seed), {
      seed,
      epochs: ['compressed', 'compressed'],
    });
    say(`${sound.length} slices`);
    const arena = await createArena({ AUSCULT_STAND_IN: '0', AUSCULT_LOG_LEVEL: 'warn' });
    await arena.start();
    const proxy = await startBadNetwork({ port: Number(new URL(arena.origin).port) }, random);
    const client = createClient({
      url: () => `ws://127.0.0.1:${proxy.port}/ws`,
      token: await arena.token(),
      random,
      after: (milliseconds, task) => systemClock.after(milliseconds / SPEED, task),
    });
    try {
      client.connection.start();
      await client.until('a session', ({ state }) => state.session !== undefined);
      const at = Array.from({ length: count }, () => Math.floor(random() * sound.length)).sort(
        (a, b) => a - b,
      );
      let done = 0;
      for (const [index, slice] of sound.entries()) {
        client.record(slice);
        await wait(PACE);
        while (at[done] !== undefined && at[done]! <= index) {
          const fault = faults[done % faults.length]!;
          // One after another: a fault of a connection that is not there would not be one.
          await client.until('a connection', ({ state }) => state.status === 'ready');
          await inflict(proxy, fault, random);
          done += 1;
          say(
            `${done} of ${count}: ${fault} after ${index + 1} slices, ${client.state.queued - client.state.unacked} waiting`,
          );
        }
      }
      await client.until('everything acknowledged', ({ state }) => state.unacked === sound.length, 300);
      await client.until('the last slice decoded', ({ updates }) => countOf(updates) === sound.length, 300);
      const corpus = await arena.corpus();
      const session = client.state.session!;
      const reckoning = await reckon(corpus, { session, acknowledged: client.acknowledged });
      const last = client.updates.at(-1)!.n;
      const there: number[] = [];
      for await (const { n } of corpus.events(session)) if (n <= last) there.push(n);
      await corpus.close();
      const windowBytes = client.state.window * Math.max(...sound.map(({ data }) => data.length));
      const most = Math.max(...client.resentBytes);
      return {
        faults: count,
        connections: client.resentBytes.length,
        ...reckoning,
        not_arrived: sound.length - reckoning.slices,
        updates_missed: missedUpdates(client.updates, there),
        window_bytes: windowBytes,
        resent_bytes_most: most,
        resent_bytes_all: client.resentBytes.reduce((all, bytes) => all + bytes, 0),
        resent_over_window: most / windowBytes,
      };
    } finally {
      client.close();
      await proxy.close();
      await arena.close();
    }
  },
};

const countOf = (updates: readonly Update[]) =>
  updates.filter(({ event }) => event === 'slice.decoded' || event === 'slice.degraded').length;
