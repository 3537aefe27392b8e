/** Every message of the protocol, sent by everybody. */
import { ClientMessage } from '../../../shared/protocol.ts';
import { type Arena, clinician } from '../harness/arena.ts';
import { sha256 } from '../harness/sound.ts';
import type { Attempt } from './credentials.ts';
import { greet, visit } from './socket.ts';

const data = new Uint8Array([1, 2, 3]);
/** A message that would do something; one without an entry is sent bare. */
const bodies: Record<string, object> = {
  hello: { version: 1, token: '' },
  slice: {
    ...{ seq: 10_000, epoch: 9, mime: 'audio/wav', sha256: sha256(data) },
    ...{ durationMs: 1, capturedAt: 1, data },
  },
  consent: { statement: 'torture' },
  renew: { token: 'x' },
  ping: { at: 1 },
};

/** What the protocol itself lists; one that is added later is tortured without being named here. */
export const messageTypes = (): string[] =>
  ClientMessage.options.map((option) => option.shape.type.value as string);

const told = new Set(['update', 'tail', 'status', 'progress', 'result', 'welcome', 'ack']);

/** What somebody got by that message, before and after a hello of theirs, that they must not have. */
export async function leakOf(
  arena: Arena,
  type: string,
  attempt: Attempt,
  session: string,
): Promise<string | undefined> {
  const message = { type, ...bodies[type] };
  const owner = attempt.person?.subject === clinician.subject && attempt.person.tenant === clinician.tenant;
  const isOwner = owner && attempt.person?.roles.includes('clinician');

  const unannounced = await visit(arena.socketUrl, attempt.origin);
  unannounced.send(message);
  await unannounced.settled();
  unannounced.close();
  const first = unannounced.types().find((each) => told.has(each));
  if (first !== undefined) return `${type} before hello by ${attempt.name}: ${first}`;

  const token = (await attempt.credential()) ?? '';
  const visiting = await greet(arena.socketUrl, { token, session, takeover: true }, attempt.origin);
  visiting.send(message);
  await visiting.settled();
  visiting.close();
  const got = visiting.types().find((each) => told.has(each));
  if (isOwner)
    return got === undefined ? `${type} by ${attempt.name}: no answer, though it is allowed` : undefined;
  return got === undefined ? undefined : `${type} by ${attempt.name}: ${got}`;
}
