/**
 * The server is killed (SIGKILL) at random points while a client records and finishes; the client goes on each time.
 * Every session has the same sound, so that each can be held against one that nobody disturbed.
 */
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { systemClock } from '../../server/clock.ts';
import type { FinalResult } from '../../shared/events.ts';
import { type Arena, createArena } from './harness/arena.ts';
import { createClient, type TortureClient } from './harness/client.ts';
import { type Account, nothing, reckon, sum, wordsOf } from './harness/reckoning.ts';
import { differentWords, recordTones, type Sound } from './harness/sound.ts';
import type { Torture } from './torture.ts';

/** A finish is tried three times in all, so two of its tries may be cut short. */
const KILLS_PER_FINISH = 2;
const KILLS_PER_RECORDING = 5;
/** Milliseconds between slices of three seconds: recorded some forty times as fast as it is spoken. */
const PACE = 80;

interface Kill {
  /** After so many slices were recorded, or after finishing was asked for. */
  after: number | 'finish';
  /** Milliseconds later. */
  delay: number;
}

export function planKills(count: number, slices: number, random: () => number): Kill[] {
  const finishing = Math.min(KILLS_PER_FINISH, Math.floor(count / 2));
  const recording = Array.from({ length: count - finishing }, () => ({
    after: 1 + Math.floor(random() * slices),
    delay: random() * 4 * PACE,
  })).sort((a, b) => a.after - b.after);
  const late = Array.from({ length: finishing }, () => ({
    after: 'finish' as const,
    delay: random() ** 2 * 1500,
  }));
  return [...recording, ...late];
}

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => systemClock.after(milliseconds, resolve));

/** Where the session stood at the moment of the kill, for the report. */
function momentOf({ state }: TortureClient): string {
  if (state.phase === 'finishing') return 'kills_in_finalize';
  if (state.phase === 'finished') return 'kills_after_finalize';
  return state.next > state.unacked ? 'kills_in_intake' : 'kills_between_slices';
}

/** Records the sound and finishes, `kill` being done at the planned moments; answers the client, still connected. */
export async function consult(
  arena: Arena,
  sound: Sound,
  options: {
    token: string;
    random: () => number;
    kills: readonly Kill[];
    kill(client: TortureClient): Promise<void>;
  },
): Promise<TortureClient> {
  const { token, random, kill } = options;
  const kills = [...options.kills];
  const client = createClient({ url: () => arena.socketUrl, token, random });
  client.connection.start();
  await client.until('a session', ({ state }) => state.session !== undefined);
  for (const [index, slice] of sound.slices.entries()) {
    client.record(slice);
    await wait(PACE * (0.5 + random()));
    while (kills[0] !== undefined && typeof kills[0].after === 'number' && kills[0].after <= index + 1) {
      await wait(kills.shift()!.delay);
      await kill(client);
    }
  }
  client.finish();
  while (kills.length > 0) {
    await client.until('the request to finish', ({ state }) => state.phase !== 'recording');
    await wait(kills.shift()!.delay);
    await kill(client);
  }
  await client.until('the end', ({ state }) => ['finished', 'failed'].includes(state.phase), 120);
  return client;
}

export const crash: Torture = {
  describes: 'SIGKILL at random points during intake, commit, transcription and finalize',
  count: 200,
  atMost: { acked_lost: 0, duplicated: 0, gaps: 0, sessions_unverified: 0, finalize_wrong: 0, unfinished: 0 },
  async run({ seed, count, say }) {
    const random = seededRandom(seed);
    const sound = recordTones(differentWords(48, seed), { seed });
    const arena = await createArena();
    const moments: Record<string, number> = {};
    const accounts: (Account & { result: FinalResult | undefined })[] = [];
    let kills = 0;
    const kill = async (client: TortureClient) => {
      const moment = momentOf(client);
      await arena.kill();
      moments[moment] = (moments[moment] ?? 0) + 1;
      kills += 1;
      await arena.start(settings());
      client.connection.nudge();
    };
    // Telling speakers apart takes longer than all the rest: it is killed in its turn, in one session of ten.
    const settings = () => ({ AUSCULT_STAND_IN: accounts.length % 10 === 5 ? '1' : '0' });
    try {
      await arena.start(settings());
      const token = await arena.token();
      const record = async (planned: readonly Kill[]) => {
        const client = await consult(arena, sound, { token, random, kills: planned, kill });
        const session = client.state.session!;
        const result = await arena.result(session, token);
        accounts.push({ session, acknowledged: client.acknowledged, result });
        client.close();
        return result;
      };
      const undisturbed = (await record([]))!;
      say(`undisturbed: ${sound.slices.length} slices, ${wordsOf(undisturbed).split(' ').length} words`);
      while (kills < count) {
        const planned = Math.min(count - kills, KILLS_PER_RECORDING + KILLS_PER_FINISH);
        await record(planKills(planned, sound.slices.length, random));
        const wrong = isWrong(accounts.at(-1)!.result, undisturbed);
        say(
          `${kills} of ${count} kills, ${accounts.length} sessions${wrong ? '; the last came out otherwise' : ''}`,
        );
      }
      await arena.kill();
      const corpus = await arena.corpus();
      let total = nothing;
      for (const account of accounts) total = sum(total, await reckon(corpus, account));
      const { faults } = await corpus.verify();
      for (const { session, n, what } of faults) say(`${session}: event ${n}: ${what}`);
      await corpus.close();
      return {
        kills,
        ...moments,
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

export function isWrong(result: FinalResult | undefined, undisturbed: FinalResult): boolean {
  return (
    result !== undefined &&
    (wordsOf(result) !== wordsOf(undisturbed) ||
      result.audio.sha256 !== undisturbed.audio.sha256 ||
      result.transcription.pass !== undisturbed.transcription.pass)
  );
}
