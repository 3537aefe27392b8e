/** Every HTTP route and every message × everybody who must be kept out. */
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { attempts, colleague, insiders } from './access/credentials.ts';
import * as messages from './access/messages.ts';
import * as routes from './access/routes.ts';
import { greet } from './access/socket.ts';
import { consult } from './crash.ts';
import { type Arena, clinician, createArena } from './harness/arena.ts';
import { differentWords, recordTones } from './harness/sound.ts';
import type { Torture } from './torture.ts';

/** Rule A1. */
const CLOSE_MS = 5_000;

/** Milliseconds until the connection was closed, from the moment at which its credential ceased to hold. */
async function closing(arena: Arena, session: string) {
  const soon = Math.floor(Date.now() / 1000) + 2;
  const expiring = await greet(arena.socketUrl, {
    token: await arena.token(clinician, { expiresAt: soon }),
    session,
    takeover: true,
  });
  await expiring.closed(2_000 + 2 * CLOSE_MS);
  const expired = Date.now() - soon * 1000;

  const token = await arena.token(clinician, { id: `closing-${soon}` });
  const revoking = await greet(arena.socketUrl, { token, session, takeover: true });
  const headers = { authorization: `Bearer ${token}` };
  await fetch(`${arena.origin}/api/token/revoke`, { method: 'POST', headers });
  const revoked = Date.now();
  await revoking.closed(2 * CLOSE_MS);
  return { expired_close_ms: expired, revoked_close_ms: Date.now() - revoked };
}

/** Renewing with what does not hold, or is somebody else's, must not prolong anything. */
async function renewals(arena: Arena, session: string): Promise<string[]> {
  const leaks: string[] = [];
  const foreign = await greet(arena.socketUrl, { token: await arena.token(), session, takeover: true });
  foreign.send({ type: 'renew', token: await arena.token(colleague) });
  if ((await foreign.closed(CLOSE_MS)) !== 4403) leaks.push('renew with a token of somebody else');
  const soon = Math.floor(Date.now() / 1000) + 2;
  const token = await arena.token(clinician, { expiresAt: soon });
  const late = await greet(arena.socketUrl, { token, session, takeover: true });
  late.send({ type: 'renew', token: await arena.token(clinician, { expiresAt: soon - 10 }) });
  if ((await late.closed(2_000 + CLOSE_MS)) !== 4401) leaks.push('renew with an expired token');
  return leaks;
}

export const access: Torture = {
  describes: 'every route and message × everybody who must be kept out',
  count: 1,
  atMost: { leaks: 0, changes: 0, expired_close_ms: CLOSE_MS, revoked_close_ms: CLOSE_MS },
  async run({ seed, say }) {
    const arena = await createArena({ AUSCULT_STAND_IN: '0' });
    try {
      await arena.start();
      const sound = recordTones(differentWords(16, seed), { seed, epochs: ['plain'] });
      const client = await consult(arena, sound, {
        ...{ token: await arena.token(), random: seededRandom(seed) },
        ...{ kills: [], kill: async () => {} },
      });
      const session = client.state.session!;
      client.close();
      const term = `secret-term-${seed}`;
      await putTerm(arena, term);
      const everybody = await attempts(arena, session);
      const leaks: string[] = [];
      let requests = 0;
      const before = await changesIn(arena, session);

      const askAll = async (who: typeof everybody) => {
        for (const attempt of who) {
          for (const type of messages.messageTypes()) {
            requests += 2;
            const leak = await messages.leakOf(arena, type, attempt, session);
            if (leak !== undefined) leaks.push(leak);
          }
          for (const address of routes.addresses()) {
            requests += 1;
            const leak = await routes.leakOf(arena, address, attempt, {
              ...{ session, term, secrets: sound.words },
            });
            if (leak !== undefined) leaks.push(leak);
          }
        }
      };
      await askAll(everybody.filter(({ name }) => !insiders.includes(name)));
      const changes = (await changesIn(arena, session)) - before;
      const closed = await closing(arena, session);
      leaks.push(...(await renewals(arena, session)));
      await askAll(everybody.filter(({ name }) => insiders.includes(name)));
      for (const leak of leaks) say(leak);
      return { attempts: everybody.length, requests, leaks: leaks.length, changes, ...closed };
    } finally {
      await arena.close();
    }
  },
};

/** Before anybody tries: what another clinic must not see. */
async function putTerm(arena: Arena, term: string): Promise<void> {
  const answer = await fetch(`${arena.origin}/api/vocabulary`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${await arena.token(clinician)}` },
    body: JSON.stringify({ terms: [term] }),
  });
  if (!answer.ok) throw new Error('the clinic cannot write its vocabulary');
}

/** Events that are more than a note of who has looked or tried. */
async function changesIn(arena: Arena, session: string): Promise<number> {
  const corpus = await arena.corpus();
  let count = 0;
  for await (const { type } of corpus.events(session))
    if (!['session.read', 'session.exported', 'access.denied'].includes(type)) count += 1;
  await corpus.close();
  return count;
}
