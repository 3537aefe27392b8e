import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { createCorpus } from './create-corpus.ts';
import { createDirectory, createRandom, optionsFor, pickSeed, readAll } from './testing.ts';

const ROUNDS = 5;

/** Lets it append until it has acknowledged `count` times, then kills it; answers all it acknowledged. */
async function appendAndKill(t: Test, directory: string, round: number, count: number): Promise<string[]> {
  const script = new URL('./testing-appender.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', script, directory, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  return acknowledged;
}

t.test(
  `[I1] killed ${ROUNDS} times while appending: all that was acknowledged is there and verifies`,
  async (t) => {
    const directory = createDirectory(t);
    const random = createRandom(pickSeed(t));
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await appendAndKill(t, directory, round, 1 + Math.floor(random() * 150));
      acknowledged.push(...lines);
      const corpus = await createCorpus(optionsFor(directory));
      t.same((await corpus.verify()).faults, [], `round ${round}`);
      const slices = new Map<string, number>();
      const requests = new Set<string>();
      for (const summary of await corpus.sessions()) {
        const events = await readAll(corpus, summary.session);
        for (const event of events) {
          if (event.type === 'slice.received') slices.set(`${event.session} ${event.n}`, event.data.seq);
          if (event.type === 'finish.requested') requests.add(`${event.session} ${event.data.request}`);
        }
        const asked = events.some((event) => event.type === 'finish.requested');
        t.equal(summary.state, asked ? 'finishing' : 'open', '[F1] the state is exact after the crash');
        t.equal(summary.events, events.length);
      }
      let lost = 0;
      for (const line of acknowledged) {
        const [session, n, seq] = line.split(' ');
        const there =
          n === 'finishing'
            ? requests.has(`${session} r${seq}`)
            : slices.get(`${session} ${n}`) === Number(seq);
        if (!there) lost++;
      }
      t.equal(lost, 0, `${acknowledged.length} acknowledged, none lost`);
      await corpus.close();
    }
  },
);
