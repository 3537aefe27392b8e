/**
 * The one client that records into a session: what it is told, and who may take its place. It reads on from the event
 * that it knows; words that may still change, progress and status are told beside the events.
 */
import { CodedError, type ErrorCode, errorKinds } from '../../shared/errors.ts';
import type { CorpusEvent } from '../../shared/events.ts';
import type { HelloMessage, ServerMessage } from '../../shared/protocol.ts';
import type { Corpus } from '../corpus/corpus.ts';
import type { Peer } from '../gateway/peer.ts';
import { type Following, follow } from './follow.ts';

export interface AudienceOptions {
  corpus: Corpus;
  session: string;
  welcome(): ServerMessage;
  status(): ServerMessage;
  /** What is said beside the events and still holds, for a client that comes now. */
  standing(): ServerMessage[];
  /** An event was told; what goes with it may follow. */
  onTold(event: CorpusEvent): void;
  onError(error: unknown): void;
}

export interface Audience {
  readonly present: boolean;
  send(message: ServerMessage): void;
  sendError(code: ErrorCode, seq?: number): void;
  /** The status has changed. Several changes in one turn are told as one. */
  statusChanged(): void;
  /**
   * @throws CodedError SESSION_BUSY when another page records here, SESSION_TAKEN_OVER when one has taken the session
   *   over from this one; a hello with `takeover` is let in, because a person has asked for it.
   */
  admit(hello: HelloMessage, peer: Peer): void;
  holds(peer: Peer): boolean;
  leave(peer: Peer): void;
  close(): void;
}

/** The audit trail is for those who may read it, not for the page. */
const audit = new Set<CorpusEvent['type']>(['session.read', 'session.exported', 'access.denied']);

export const nonFatalError = (code: ErrorCode, seq?: number): ServerMessage => ({
  type: 'error',
  code,
  message: errorKinds[code].message,
  ...(seq === undefined ? {} : { seq }),
  fatal: false,
});

export function createAudience(options: AudienceOptions): Audience {
  const { corpus, session } = options;
  let client: { peer: Peer; name: string | undefined; following: Following } | undefined;
  /** Pages that another one has displaced; they may not know it, and must not take the session back by themselves. */
  const displaced = new Set<string>();
  let statusDue = false;

  const send = (message: ServerMessage) => client?.peer.send(message);

  const sendError = (code: ErrorCode, seq?: number) => send(nonFatalError(code, seq));

  const tell = (event: CorpusEvent) => {
    if (audit.has(event.type)) return;
    send({ type: 'update', n: event.n, at: event.at, event: event.type, data: event.data });
    options.onTold(event);
  };

  const statusChanged = () => {
    if (statusDue || client === undefined) return;
    statusDue = true;
    setImmediate(() => {
      statusDue = false;
      send(options.status());
    });
  };

  const leave = (peer: Peer) => {
    if (client?.peer !== peer) return;
    client.following.stop();
    client = undefined;
  };

  const makeRoom = (hello: HelloMessage) => {
    if (hello.client !== undefined && displaced.has(hello.client) && !hello.takeover) {
      throw new CodedError('SESSION_TAKEN_OVER');
    }
    if (client === undefined) return;
    // The same page connecting again has lost its old connection, whether or not the server knows it yet.
    const samePage = hello.client !== undefined && hello.client === client.name;
    if (!samePage && !hello.takeover) throw new CodedError('SESSION_BUSY');
    const { peer, name } = client;
    leave(peer);
    peer.end('SESSION_TAKEN_OVER');
    if (!samePage && name !== undefined) displaced.add(name);
  };

  return {
    get present() {
      return client !== undefined;
    },
    send,
    sendError,
    statusChanged,
    admit(hello, peer) {
      makeRoom(hello);
      if (hello.client !== undefined) displaced.delete(hello.client);
      peer.send(options.welcome());
      const following = follow(corpus, session, hello.after ?? 0, tell);
      client = { peer, name: hello.client, following };
      following.caughtUp.then(
        () => {
          for (const message of options.standing()) send(message);
        },
        (error) => {
          options.onError(error);
          sendError('CORRUPT');
        },
      );
      statusChanged();
    },
    holds: (peer) => client?.peer === peer,
    leave,
    close() {
      const peer = client?.peer;
      if (peer === undefined) return;
      leave(peer);
      peer.end('SHUTTING_DOWN');
    },
  };
}
