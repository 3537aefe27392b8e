/**
 * Rule C3 for a tool: that somebody reads a session's content beside the server is on disk before the first word is
 * shown. While a server runs it is the one that writes, so it is asked for something that it records; otherwise the
 * tool writes the event itself.
 */
import type { Config } from '../../server/config.ts';
import { type SessionSummary, SYSTEM_STREAM } from '../../server/corpus/corpus.ts';
import { hasCode } from '../../shared/errors.ts';
import type { NewEvent } from '../../shared/events.ts';
import { withCorpus } from './corpus.ts';
import { account, askServer, findServer } from './running-server.ts';

export type Access =
  | { type: 'session.read'; what: 'events' | 'chunks' }
  | { type: 'session.exported'; what: 'audio' };

/** @throws Error when it cannot be recorded: then nothing may be shown */
export async function noteAccess(config: Config, summary: SessionSummary, access: Access): Promise<void> {
  const { session, tenant, events } = summary;
  const address = findServer(config);
  const by = account();
  if (address === undefined) {
    await append(config, session, { type: access.type, data: { by, what: access.what } });
    return;
  }
  const reader = { subject: by, tenant, roles: ['reviewer'] as const };
  const base = `/api/sessions/${session}`;
  // The events after the last one are none, and HEAD sends no audio: only the trail is wanted.
  const asked =
    access.type === 'session.exported'
      ? ({ method: 'HEAD', path: `${base}/audio` } as const)
      : ({
          method: 'GET',
          path: access.what === 'chunks' ? `${base}/chunks` : `${base}/events?after=${events}`,
        } as const);
  await askServer(config, address, reader, asked);
}

/** What does not verify takes no event any more; that it was read stands in the system's stream then. */
async function append(
  config: Config,
  session: string,
  event: Extract<NewEvent, { type: Access['type'] }>,
): Promise<void> {
  await withCorpus(config, 'write', async (corpus) => {
    try {
      await corpus.append(session, [event]);
    } catch (error) {
      if (!hasCode(error, 'CORRUPT')) throw error;
      const { by, what } = event.data;
      await corpus.append(SYSTEM_STREAM, [{ type: event.type, data: { by, what: `${what} of ${session}` } }]);
    }
  });
}
