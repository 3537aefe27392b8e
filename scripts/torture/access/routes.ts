/** Every route of the server's own table, asked for by everybody. */
import { authorise, type SessionAction } from '../../../server/gateway/authorisation.ts';
import { createRoutes } from '../../../server/gateway/http/routes.ts';
import type { Principal } from '../../../server/gateway/peer.ts';
import { type Arena, clinician } from '../harness/arena.ts';
import { type Attempt, colleague } from './credentials.ts';

interface Address {
  method: string;
  path: string;
}

/** What the server itself routes; one that is added later is tortured without being named here. */
export const addresses = (): Address[] =>
  createRoutes({} as Parameters<typeof createRoutes>[0]).map(({ method, path }) => ({ method, path }));

/** Open to whoever asks: they hold nothing of anybody. Everything else is to be refused. */
const open = new Set(['GET /healthz', 'GET /readyz', 'GET /metrics', 'POST /api/login']);
const everybody = ['clinician', 'reviewer', 'admin'];
/** Answered to those of these roles, wherever they are from, with what is theirs. */
const personal: Record<string, readonly string[]> = {
  'POST /api/token/renew': everybody,
  'POST /api/token/revoke': everybody,
  'POST /api/tickets': everybody,
  'GET /api/sessions': everybody,
  'GET /api/voices': ['clinician', 'admin'],
  'GET /api/vocabulary': everybody,
  'PUT /api/vocabulary': ['clinician', 'admin'],
};
/** A request that would do something, so that a refusal is not one of its form. */
const bodies: Record<string, object> = {
  'POST /api/login': { ticket: 'ticket_guessed' },
  'PUT /api/sessions/{session}/speakers/{speaker}': { name: 'Mallory' },
  'DELETE /api/sessions/{session}': { reason: 'torture' },
  'PUT /api/vocabulary': { terms: ['torture'] },
};

const nameOf = ({ method, path }: Address) => `${method} ${path}`;

/** Of the routes known now; of any other it is presumed that nobody may. */
const actions: Record<string, SessionAction> = {
  'GET /api/sessions/{session}': 'read',
  'GET /api/sessions/{session}/events': 'read',
  'GET /api/sessions/{session}/chunks': 'read',
  'GET /api/sessions/{session}/audio': 'read',
  'POST /api/sessions/{session}/finalize': 'record',
  'PUT /api/sessions/{session}/speakers/{speaker}': 'record',
  'POST /api/sessions/{session}/speakers/{speaker}/undo': 'record',
  'DELETE /api/sessions/{session}': 'erase',
};

function mayHave(address: Address, { person, origin }: Attempt): boolean {
  const name = nameOf(address);
  if (open.has(name)) return origin === undefined && name !== 'POST /api/login';
  if (person === undefined) return false;
  const roles = person.roles.filter((role) => role !== 'porter');
  if (roles.length === 0) return false;
  const theirs = personal[name];
  if (theirs !== undefined) return roles.some((role) => theirs.includes(role));
  const action = actions[name];
  const principal = { ...person, roles } as Principal;
  const owned = { tenant: clinician.tenant, owner: clinician.subject };
  return action !== undefined && authorise(principal, action, owned) === 'allowed';
}

export interface Target {
  session: string;
  /** Words that were said in it, in order. */
  secrets: readonly string[];
  /** One that the clinic has put into its vocabulary. */
  term: string;
}

/** A word by itself, or two as they followed each other: a syllable may stand in any text. */
const says = (text: string, words: readonly string[]) =>
  words.some((word, index) => text.includes(`"${word}"`) || text.includes(`${word} ${words[index + 1]}`));

export async function ask(arena: Arena, address: Address, attempt: Attempt, target: Target) {
  const credential = await attempt.credential();
  const body = bodies[nameOf(address)];
  const path = address.path.replace('{session}', target.session).replace('{speaker}', 'unknown');
  const answer = await fetch(arena.origin + path, {
    method: address.method,
    headers: {
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
      ...(attempt.origin === undefined ? {} : { origin: attempt.origin }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

/** What a request got that it must not have; undefined where all is well. */
export async function leakOf(
  arena: Arena,
  address: Address,
  attempt: Attempt,
  target: Target,
): Promise<string | undefined> {
  const { status, headers, text } = await ask(arena, address, attempt, target);
  const allowed = mayHave(address, attempt);
  const where = `${nameOf(address)} by ${attempt.name}: ${status}`;
  if (attempt.origin !== undefined && headers.get('access-control-allow-origin') !== null)
    return `${where}, with a CORS header`;
  if (status < 400 && !allowed) return where;
  const readsContent = actions[nameOf(address)] === 'read' && allowed;
  if (!readsContent && says(text, target.secrets)) return `${where}, with words`;
  const sees = attempt.person?.tenant === clinician.tenant && attempt.person.subject !== colleague.subject;
  if (!sees && text.includes(target.session)) return `${where}, with the session's name`;
  if (attempt.person?.tenant !== clinician.tenant && text.includes(target.term))
    return `${where}, with the clinic's vocabulary`;
  // A refusal of what is allowed would make every other refusal worthless as a proof.
  if (status >= 400 && allowed && !open.has(nameOf(address))) return `${where}, though it is allowed`;
  return undefined;
}
