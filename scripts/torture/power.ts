/**
 * The power is cut at random points: of what was not synced nothing, or here and there a sector, is left. In between
 * the disk fails: writes, space and syncs, with a cut in the middle of it or a recovery.
 */
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { systemClock } from '../../server/clock.ts';
import type { FinalResult } from '../../shared/events.ts';
import { consult, isWrong, planKills } from './crash.ts';
import { createArena } from './harness/arena.ts';
import type { TortureClient } from './harness/client.ts';
import { type Account, nothing, reckon, sum, wordsOf } from './harness/reckoning.ts';
import { differentWords, recordTones } from './harness/sound.ts';
import { createDisk } from './power/disk.ts';
import type { Torture } from './torture.ts';

const EVENTS_PER_SESSION = 7;
const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => systemClock.after(milliseconds, resolve));

export const power: Torture = {
  describes: 'power cuts that throw away what was not synced, failed writes, full disks and failed syncs',
  count: 60,
  atMost: {
    ...{ acked_lost: 0, duplicated: 0, gaps: 0, sessions_unverified: 0, finalize_wrong: 0, unfinished: 0 },
    acknowledged_while_failing: 0,
  },
  async run({ seed, count, say }) {
    const random = seededRandom(seed);
    const sound = recordTones(differentWords(48, seed), { seed });
    const arena = await createArena({ AUSCULT_STAND_IN: '0' });
    const disk = createDisk(arena.directory, arena.dataDirectory, random);
    const done = { cuts: 0, kills: 0, failures: 0, failures_then_cut: 0 };
    const refused = { storage_unavailable: 0, acknowledged_while_failing: 0 };
    const accounts: (Account & { result: FinalResult | undefined })[] = [];

    const restart = async (client: TortureClient, survival: number | undefined) => {
      await arena.kill();
      disk.recover();
      if (survival === undefined) done.kills += 1;
      else {
        done.cuts += 1;
        disk.cutPower(survival);
      }
      await arena.start(disk.environment);
      client.connection.nudge();
    };
    /** Recording goes on meanwhile. */
    const failing = async (client: TortureClient, cut: boolean) => {
      done.failures += 1;
      disk.fail((['writes', 'space', 'syncs'] as const)[Math.floor(random() * 3)]!);
      // What was on its way to the disk before is none of this failure's.
      await wait(150);
      const before = client.acknowledged.size;
      await wait(200 + random() * 600);
      refused.acknowledged_while_failing += client.acknowledged.size - before;
      if (!cut) return disk.recover();
      done.failures_then_cut += 1;
      return restart(client, survival());
    };
    const survival = () => (random() < 0.5 ? 0 : random());
    let underWay = Promise.resolve();
    const disturb = async (client: TortureClient) => {
      await underWay;
      const dice = random();
      if (dice < 0.4) return restart(client, survival());
      if (dice < 0.5) return restart(client, undefined);
      underWay = failing(client, dice < 0.75);
    };

    try {
      await arena.start(disk.environment);
      const token = await arena.token();
      const record = async (planned: ReturnType<typeof planKills>) => {
        const client = await consult(arena, sound, { token, random, kills: planned, kill: disturb });
        await underWay;
        await client.until('a server again', ({ state }) => state.status === 'ready');
        const session = client.state.session!;
        const result = await arena.result(session, token);
        accounts.push({ session, acknowledged: client.acknowledged, result });
        refused.storage_unavailable += client.refusals.filter(
          (code) => code === 'STORAGE_UNAVAILABLE',
        ).length;
        client.close();
        return result;
      };
      const undisturbed = (await record([]))!;
      for (let disturbed = 0; disturbed < count; disturbed += EVENTS_PER_SESSION) {
        const planned = Math.min(count - disturbed, EVENTS_PER_SESSION);
        await record(planKills(planned, sound.slices.length, random));
        say(`${disturbed + planned} of ${count}: ${JSON.stringify({ ...done, ...refused })}`);
      }
      await arena.kill();
      disk.cutPower(0);
      const corpus = await arena.corpus();
      let total = nothing;
      for (const account of accounts) total = sum(total, await reckon(corpus, account));
      const { faults } = await corpus.verify();
      for (const { session, n, what } of faults) say(`${session}: event ${n}: ${what}`);
      await corpus.close();
      return {
        ...done,
        ...refused,
        sessions: accounts.length,
        ...total,
        sessions_unverified: faults.length,
        unfinished: accounts.filter(({ result }) => result === undefined).length,
        finalize_wrong: accounts.filter(({ result }) => isWrong(result, undisturbed)).length,
        undisturbed_wrong_words: wordsOf(undisturbed) === sound.words.join(' ') ? 0 : 1,
      };
    } finally {
      await arena.close();
    }
  },
};
