/** Who read, exported or erased what, and who was denied: gathered from every session and from the system's stream. */
import { type Corpus, SYSTEM_STREAM } from '../../server/corpus/corpus.ts';
import { hasCode } from '../../shared/errors.ts';
import type { CorpusEvent, EventOf } from '../../shared/events.ts';

export type AuditEvent = EventOf<'session.read' | 'session.exported' | 'session.erased' | 'access.denied'>;

const types: ReadonlySet<string> = new Set([
  'session.read',
  'session.exported',
  'session.erased',
  'access.denied',
]);
const isAudit = (event: CorpusEvent): event is AuditEvent => types.has(event.type);

export interface AuditTrail {
  /** Oldest first. */
  events: AuditEvent[];
  /** Streams that do not verify: their trail ends before the first bad event. */
  damaged: string[];
}

/** @param since milliseconds since 1970 */
export async function readAuditTrail(
  corpus: Corpus,
  { session, since = 0 }: { session?: string; since?: number } = {},
): Promise<AuditTrail> {
  const events: AuditEvent[] = [];
  const damaged: string[] = [];
  const streams = session === undefined ? await activeSince(corpus, since) : [session];
  for (const stream of streams) {
    try {
      for await (const event of corpus.events(stream)) {
        if (isAudit(event) && Date.parse(event.at) >= since) events.push(event);
      }
    } catch (error) {
      if (!hasCode(error, 'CORRUPT')) throw error;
      damaged.push(stream);
    }
  }
  return { events: events.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)), damaged };
}

/** A damaged session may say anything of when it was last touched, so it is always looked at. */
async function activeSince(corpus: Corpus, since: number): Promise<string[]> {
  const kinds = ['session', 'voice', 'vocabulary'] as const;
  const sessions = (await Promise.all(kinds.map((kind) => corpus.sessions({ kind })))).flat();
  const active = sessions.filter(
    ({ state, lastEventAt }) => state === 'corrupt' || Date.parse(lastEventAt) >= since,
  );
  return [SYSTEM_STREAM, ...active.map(({ session }) => session)];
}
