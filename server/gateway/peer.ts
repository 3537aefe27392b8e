/** What lies between the gateway and a session: messages that are validated, from people who are known. */
import type { ErrorCode } from '../../shared/errors.ts';
import type { ClientMessage, HelloMessage, ServerMessage } from '../../shared/protocol.ts';

/** Who is on the other end, from a verified token. */
export interface Principal {
  subject: string;
  tenant: string;
  roles: readonly ('clinician' | 'reviewer' | 'admin')[];
}

/** The way back to one client. */
export interface Peer {
  readonly principal: Principal;
  send(message: ServerMessage): void;
  /** Sends the error and closes with its close code. */
  end(code: ErrorCode): void;
}

/** One client's place in a session. `hello` and `renew` and `ping` stay in the gateway. */
export interface Attachment {
  receive(message: Exclude<ClientMessage, { type: 'hello' | 'renew' | 'ping' }>): void;
  /** The connection is gone; the session goes on. */
  detach(): void;
}

/** @throws CodedError SESSION_UNKNOWN, SESSION_BUSY, FORBIDDEN, TOO_MANY, STORAGE_UNAVAILABLE */
export type Attach = (hello: HelloMessage, peer: Peer) => Promise<Attachment>;
