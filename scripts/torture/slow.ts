/** Some record as ever, while a hundred connections never read and a hundred send a byte a second. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { systemClock } from '../../server/clock.ts';
import { median, percentile, rounded } from '../bench/statistics.ts';
import { type Arena, createArena } from './harness/arena.ts';
import { createClient, type TortureClient } from './harness/client.ts';
import { differentWords, recordTones } from './harness/sound.ts';
import type { IdlersOrder } from './slow/idlers-process.ts';
import type { Torture } from './torture.ts';

const RECORDERS = 5;
/** Milliseconds between the slices of one recorder: as many as fifty people record, and the machine is not at its end. */
const PACE = 300;
/**
 * Without and with the slow ones in turn, so that what else the machine does falls on both: twelve times where two hundred
 * come, twice in a short version.
 */
const CONNECTIONS_PER_TURN = 17;
/**
 * Milliseconds in which the slow ones have come and opened their sessions. As long a pause stands before the turns
 * without them: background work begins in it, and goes on into the turn.
 */
const SETTLED = 4_000;

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => systemClock.after(milliseconds, resolve));

/** MiB that the process holds in memory. */
const residentOf = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

const program = fileURLToPath(new URL('./slow/idlers-process.ts', import.meta.url));

async function startIdlers(arena: Arena, count: number): Promise<ChildProcess> {
  const person = (index: number) => ({ subject: `idler-${index}`, tenant: 'idle', roles: ['clinician'] });
  const tokens = await Promise.all(Array.from({ length: count }, (_, index) => arena.token(person(index))));
  const child = fork(program, { execArgv: ['--import', 'tsx'] });
  child.send({ port: Number(new URL(arena.origin).port), tokens } satisfies IdlersOrder);
  await once(child, 'message');
  return child;
}

export const slow: Torture = {
  describes: 'connections that never read and connections that send a byte a second, half of the count each',
  count: 200,
  atMost: { p95_ratio: 1.2, rss_growth_mib: 64, not_acknowledged: 0 },
  async run({ seed, count, say }) {
    const random = seededRandom(seed);
    const arena = await createArena({ AUSCULT_STAND_IN: '0', AUSCULT_LOG_LEVEL: 'error' });
    await arena.start();
    const clients: TortureClient[] = [];
    const turns = Math.max(1, Math.round(count / CONNECTIONS_PER_TURN));
    try {
      const { slices } = recordTones(differentWords(120, seed), { seed, epochs: ['compressed'] });
      for (let index = 0; index < RECORDERS; index += 1) {
        const token = await arena.token({
          subject: `recorder-${index}`,
          tenant: 'clinic',
          roles: ['clinician'],
        });
        const client = createClient({ url: () => arena.socketUrl, token, random });
        client.connection.start();
        await client.until('a session', ({ state }) => state.status === 'ready');
        clients.push(client);
      }
      /** Everybody records all of the sound once, as an epoch of its own. */
      let epoch = 0;
      const turn = async () => {
        const from = clients.map(({ latencies }) => latencies.length);
        for (const slice of slices) {
          for (const client of clients) {
            client.record({ ...slice, epoch });
            await wait(PACE / RECORDERS);
          }
        }
        epoch += 1;
        await Promise.all(
          clients.map((client) => client.until('all of it', ({ state }) => state.unacked === state.queued)),
        );
        return clients.flatMap(({ latencies }, index) => latencies.slice(from[index]));
      };
      await turn();
      const resident = () => residentOf(arena.server.child.pid!);
      const before = resident();
      /** Milliseconds to each acknowledgement, turn by turn. */
      const alone: number[][] = [];
      const among: number[][] = [];
      // Recordings take memory as well, with whom or without: what the slow ones take is what comes while they are there.
      let growth = 0;
      for (let turnNumber = 0; turnNumber < turns; turnNumber += 1) {
        await wait(SETTLED);
        alone.push(await turn());
        const without = resident();
        const idlers = await startIdlers(arena, count);
        // That they all come at once is another matter.
        await wait(SETTLED);
        among.push(await turn());
        growth = Math.max(growth, resident() - without);
        idlers.kill();
        await once(idlers, 'exit');
        say(
          `p95 alone ${rounded(percentile(alone.at(-1)!, 0.95), 1)} ms, among ${rounded(percentile(among.at(-1)!, 0.95), 1)} ms, RSS ${growth.toFixed(0)} MiB more`,
        );
      }
      // Of the turns the median: whoever else uses the machine for a moment spoils one of them only.
      const typical = (turns: readonly number[][], share: number) =>
        median(turns.flatMap((latencies) => percentile(latencies, share) ?? []));
      const [one, other] = [typical(alone, 0.95), typical(among, 0.95)];
      const acknowledged = [...alone, ...among].flat().length;
      return {
        recorders: RECORDERS,
        acknowledged,
        not_acknowledged: 2 * turns * RECORDERS * slices.length - acknowledged,
        p50_alone_ms: rounded(typical(alone, 0.5)),
        p50_among_ms: rounded(typical(among, 0.5)),
        p95_alone_ms: rounded(one),
        p95_among_ms: rounded(other),
        p95_ratio: rounded(Number(other) / Number(one)),
        rss_before_mib: rounded(before),
        rss_growth_mib: rounded(growth),
      };
    } finally {
      for (const client of clients) client.close();
      await arena.close();
    }
  },
};
