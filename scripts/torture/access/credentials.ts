/** Everybody who must be kept out and how they try, and those who may come in. */
import { newId } from '../../../shared/ids.ts';
import { type Arena, clinician, type Person } from '../harness/arena.ts';
import { greet } from './socket.ts';

export interface Attempt {
  readonly name: string;
  /** Made anew for each request: some are good for one only. */
  credential(): Promise<string | undefined>;
  readonly origin?: string;
  /** Who shows it, where that is a person whose token holds. */
  readonly person?: Person;
}

/** None of their names may be a word that is said: an answer with one would look like a leak. */
export const colleague: Person = { subject: 'dr-benedetti', tenant: 'clinic', roles: ['clinician'] };
export const reviewer: Person = { subject: 'dr-ritter', tenant: 'clinic', roles: ['reviewer'] };
export const admin: Person = { subject: 'it-adamski', tenant: 'clinic', roles: ['admin'] };
/** Of the same name and with every role, in another clinic. */
export const stranger: Person = {
  subject: clinician.subject,
  tenant: 'elsewhere',
  roles: ['clinician', 'reviewer', 'admin'],
};
const nobody: Person = { subject: clinician.subject, tenant: clinician.tenant, roles: ['porter'] };
const everything: Person = { ...clinician, roles: ['clinician', 'reviewer', 'admin'] };

const foreignRevocation = 'the owner, whose token an admin of another clinic has revoked';
/** Who may do things to the session, so that they come after the others were counted. */
export const insiders: readonly string[] = ['the owner', foreignRevocation, 'an admin'];

const unsigned = (person: Person) =>
  [{ alg: 'none' }, { sub: person.subject, ...person, iss: 'auscult', aud: 'auscult', exp: 4_000_000_000 }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.');

export async function attempts(arena: Arena, session: string): Promise<Attempt[]> {
  const post = (path: string, token: string, body: object = {}) =>
    fetch(arena.origin + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
  const ticketOf = async (token: string) =>
    ((await (await post('/api/tickets', token)).json()) as { ticket: string }).ticket;

  const revoked = await arena.token(everything, { id: 'revoked-1' });
  const ticketOfRevoked = await ticketOf(revoked);
  await post('/api/token/revoke', revoked);
  const past = Math.floor(Date.now() / 1000) - 1;
  const made = (name: string, credential: string | undefined): Attempt => ({
    name,
    credential: async () => credential,
  });
  const known = (name: string, person: Person): Attempt => ({
    name,
    person,
    credential: () => arena.token(person),
  });
  return [
    made('no token', undefined),
    made('no JWT', 'x'),
    made('an unsigned token', unsigned(everything)),
    made('another secret', await arena.token(everything, { secret: 'x'.repeat(40) })),
    made('another issuer', await arena.token(everything, { issuer: 'somebody' })),
    made('an expired token', await arena.token(everything, { expiresAt: past })),
    made('a revoked token', revoked),
    made('a ticket of a revoked token', ticketOfRevoked),
    {
      name: 'a replayed ticket',
      async credential() {
        const ticket = await ticketOf(await arena.token(clinician));
        await useUp(arena, session, ticket);
        return ticket;
      },
    },
    {
      name: 'a wrong origin',
      origin: 'https://evil.example',
      credential: () => arena.token(everything),
    },
    known('another tenant', stranger),
    known('no role that counts', nobody),
    known('a colleague', colleague),
    known('a reviewer', reviewer),
    known('the owner', clinician),
    {
      name: foreignRevocation,
      person: clinician,
      async credential() {
        const id = newId();
        const token = await arena.token(clinician, { id });
        const answer = await post('/api/token/revoke', await arena.token(stranger), { id });
        if (answer.status !== 204) throw new Error('the admin of another clinic could not ask');
        return token;
      },
    },
    // The last: the session is erased by it.
    known('an admin', admin),
  ];
}

/** Opens a connection with the ticket, which is good for one. */
async function useUp(arena: Arena, session: string, ticket: string): Promise<void> {
  const visit = await greet(arena.socketUrl, { token: ticket, session, takeover: true });
  if (!visit.types().includes('welcome')) throw new Error('a fresh ticket does not open the session');
  visit.close();
}
