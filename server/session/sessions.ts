/** The sessions at work: opened, found again, put away when nobody needs them. Each is in memory at most once. */
import { CodedError } from '../../shared/errors.ts';
import type { HelloMessage, ServerMessage } from '../../shared/protocol.ts';
import type { Attachment, Peer, Principal } from '../gateway/peer.ts';
import { type LiveSession, openLiveSession } from './live-session.ts';
import { readHistory } from './read-history.ts';
import type { SessionServices } from './services.ts';
import type { FinishOrder } from './transition.ts';

export interface SessionsOptions {
  /** The language of a session whose hello names none. */
  language: string;
  /** Sessions one person may have open at once. */
  perPerson: number;
}

export interface Sessions {
  /** @throws CodedError SESSION_UNKNOWN, SESSION_BUSY, TOO_MANY, STORAGE_UNAVAILABLE, CORRUPT */
  attach(hello: HelloMessage, peer: Peer): Promise<Attachment>;
  /**
   * Asks for the end of a session; the answer comes over the corpus. Returns the id of the request that stands.
   * @throws CodedError SESSION_UNKNOWN, SESSION_EMPTY
   */
  finalize(session: string, order: FinishOrder): Promise<string>;
  /** How far finalising is, while it runs here. */
  progressOf(session: string): Promise<Extract<ServerMessage, { type: 'progress' }> | undefined>;
  /** Goes on with every finish that a stop of the server has interrupted. */
  resumeFinishing(): Promise<void>;
  /** Takes the session out of memory, telling its client why. */
  evict(session: string): Promise<void>;
  /** Sessions in memory. */
  count(): number;
  /** Speech not yet listened to, over all of them. */
  secondsBehind(): number;
  close(): Promise<void>;
}

/** A session without a client is looked at this often, and put away when nothing is under way. */
const SWEEP_MS = 60_000;

export function createSessions(services: SessionServices, options: SessionsOptions): Sessions {
  const { corpus, clock, log } = services;
  const open = new Map<string, Promise<LiveSession>>();
  /** The same, once they are there. */
  const live = new Map<string, LiveSession>();

  const find = (id: string): Promise<LiveSession> => {
    const known = open.get(id);
    if (known !== undefined) return known;
    const opening = readHistory(corpus, id).then((history) => {
      const session = openLiveSession(services, history);
      live.set(id, session);
      return session;
    });
    open.set(id, opening);
    opening.catch(() => open.delete(id));
    return opening;
  };

  const forget = (id: string) => {
    open.delete(id);
    live.delete(id);
  };

  const create = async (hello: HelloMessage, { subject, tenant }: Principal): Promise<LiveSession> => {
    const theirs = await corpus.sessions({ tenant, owner: subject, state: 'open' });
    const active = theirs.filter(({ session }) => open.has(session));
    if (active.length >= options.perPerson) throw new CodedError('TOO_MANY');
    const id = services.newId();
    await corpus.open(id, {
      language: hello.language ?? options.language,
      owner: subject,
      tenant,
      ...(hello.client === undefined ? {} : { client: hello.client }),
    });
    return find(id);
  };

  const sweep = async () => {
    for (const [id, opening] of open) {
      const session = await opening.catch(() => undefined);
      if (session?.quiet) {
        session.close();
        forget(id);
      }
    }
  };
  let cancelSweep = () => {};
  const scheduleSweep = () => {
    cancelSweep = clock.after(SWEEP_MS, () => void sweep().finally(scheduleSweep));
  };
  scheduleSweep();

  return {
    async attach(hello, peer) {
      const { subject, tenant } = peer.principal;
      if (hello.session === undefined) return (await create(hello, peer.principal)).attach(hello, peer);
      const session = await find(hello.session);
      // Whose session it is stays unknown to everybody else.
      if (session.history.owner !== subject || session.history.tenant !== tenant) {
        throw new CodedError('SESSION_UNKNOWN');
      }
      return session.attach(hello, peer);
    },
    async finalize(id, order) {
      return (await find(id)).finalize(order);
    },
    async progressOf(id) {
      return (await open.get(id))?.progress;
    },
    async resumeFinishing() {
      for (const { session } of await corpus.sessions({ state: 'finishing' })) {
        try {
          (await find(session)).resumeFinish();
        } catch (error) {
          log.error({ session, err: error }, 'an interrupted finish could not be resumed');
        }
      }
    },
    async evict(id) {
      const session = await open.get(id);
      forget(id);
      session?.close();
    },
    async close() {
      cancelSweep();
      for (const opening of open.values()) (await opening.catch(() => undefined))?.close();
      open.clear();
      live.clear();
    },
    count: () => live.size,
    secondsBehind: () => [...live.values()].reduce((sum, session) => sum + session.behind, 0),
  };
}
