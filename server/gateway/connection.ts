/**
 * The life of one WebSocket connection: greeting, then attaching, then attached, then over.
 * Whatever arrives, the answer is a message with a stable code; nothing here throws.
 */
import { CodedError, type ErrorCode, errorKinds } from '../../shared/errors.ts';
import type { ClientMessage, HelloMessage } from '../../shared/protocol.ts';
import type { Clock } from '../clock.ts';
import type { Api } from './api.ts';
import { actionOf, authorise, mayOpen, type Ownership } from './authorisation.ts';
import { watchCredential } from './credential.ts';
import { readMessage } from './incoming.ts';
import type { GatewayLimits } from './limits.ts';
import { createOutgoing } from './outgoing.ts';
import type { Attach, Attachment, Peer, Principal } from './peer.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Revocations } from './revocations.ts';
import type { Slots } from './slots.ts';
import type { Connection, ConnectionHandler } from './socket.ts';
import { isTicket, type Tickets } from './tickets.ts';
import type { Tokens, Verified } from './tokens.ts';

type SessionMessage = Parameters<Attachment['receive']>[0];

export interface ConnectionContext {
  clock: Clock;
  limits: GatewayLimits;
  tokens: Tokens;
  socketTickets: Tickets<Verified>;
  revocations: Revocations;
  api: Pick<Api, 'ownership' | 'denied'>;
  attach: Attach;
  unauthenticated: Slots;
  authenticated: Slots;
  /** By person, so that neither more connections nor new ones give more. */
  messageRate: RateLimit;
  byteRate: RateLimit;
  /** What nobody foresaw; told to the operator, never to the client. */
  report(error: unknown): void;
}

/** The close code of an error that ends a connection although its kind has none of its own. */
const closeCodeOf = (code: ErrorCode): number => {
  const kind: { httpStatus: number; closeCode?: number } = errorKinds[code];
  return kind.closeCode ?? (kind.httpStatus >= 500 ? 1011 : 4400);
};

const personOf = ({ tenant, subject }: Principal): string => JSON.stringify([tenant, subject]);

export function serveConnection(context: ConnectionContext, connection: Connection): ConnectionHandler {
  const { clock, limits } = context;
  let state: 'greeting' | 'attaching' | 'attached' | 'over' = 'greeting';
  let verified: Verified | undefined;
  /** Of the session gone on with; a session opened here is the opener's own. */
  let ownership: Ownership | undefined;
  let sessionNamed: string | undefined;
  let attachment: Attachment | undefined;
  /** What came while the token was looked at and the session attached; unread. */
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let refusals = 0;
  let ending = false;
  const releases: (() => void)[] = [];
  let stopCredential = () => {};
  const outgoing = createOutgoing(connection, clock, limits, () => end('TOO_SLOW'));
  const cancelHello = clock.after(limits.helloSeconds * 1000, () => end('HELLO_TIMEOUT'));
  const leaveUnauthenticated = context.unauthenticated.enter(connection.remoteAddress);
  releases.push(
    cancelHello,
    () => leaveUnauthenticated?.(),
    () => stopCredential(),
    outgoing.stop,
  );

  const isOver = () => state === 'over';

  function tell(code: ErrorCode, seq?: number, fatal = false): void {
    outgoing.send({
      type: 'error',
      code,
      message: errorKinds[code].message,
      ...(seq === undefined ? {} : { seq }),
      fatal,
    });
  }

  function over(): void {
    if (isOver()) return;
    state = 'over';
    for (const release of releases) release();
    waiting = [];
    attachment?.detach();
    attachment = undefined;
  }

  function end(code: ErrorCode, seq?: number): void {
    // A peer that does not read makes telling it fail, which leads here again.
    if (isOver() || ending) return;
    ending = true;
    tell(code, seq, true);
    connection.close(closeCodeOf(code), code);
    over();
  }

  function endWith(error: unknown): void {
    if (!(error instanceof CodedError)) context.report(error);
    end(error instanceof CodedError ? error.code : 'INTERNAL');
  }

  /** @throws CodedError UNAUTHENTICATED */
  async function verify(credential: string): Promise<Verified> {
    if (!isTicket(credential)) return context.tokens.verify(credential);
    const grant = context.socketTickets.redeem(credential);
    const holds =
      grant &&
      grant.expiresAt > clock.now() &&
      !context.revocations.isRevoked(grant.principal.tenant, grant.ids);
    if (!holds) throw new CodedError('UNAUTHENTICATED');
    return grant;
  }

  function hold(credential: Verified): void {
    stopCredential();
    verified = credential;
    stopCredential = watchCredential(clock, context.revocations, credential, () => end('UNAUTHENTICATED'));
  }

  function refuse(code: ErrorCode, what: string): void {
    if (verified && sessionNamed !== undefined)
      context.api.denied(verified.principal, sessionNamed, what, code);
    end(code);
  }

  async function greet(hello: HelloMessage): Promise<void> {
    const credential = await verify(hello.token);
    if (isOver()) return;
    hold(credential);
    const { principal } = credential;
    const leave = context.authenticated.enter(personOf(principal));
    if (leave === undefined) return end('TOO_MANY');
    releases.push(leave);
    leaveUnauthenticated?.();
    if (hello.session === undefined) {
      ownership = { tenant: principal.tenant, owner: principal.subject };
      if (!mayOpen(principal)) return end('FORBIDDEN');
    } else {
      sessionNamed = hello.session;
      ownership = await context.api.ownership(hello.session);
      const verdict = authorise(principal, 'read', ownership);
      if (isOver()) return;
      if (verdict !== 'allowed') return refuse(verdict, 'attach');
    }
    const peer: Peer = {
      principal,
      send: (message) => {
        if (!isOver()) outgoing.send(message);
      },
      end,
    };
    // The token has done its work; the session has no use for it.
    const attached = await context.attach({ ...hello, token: '' }, peer);
    if (isOver()) return attached.detach();
    attachment = attached;
    state = 'attached';
    const held = waiting;
    waiting = [];
    for (const bytes of held) laterMessage(bytes);
  }

  let renewing: Promise<void> = Promise.resolve();

  async function renew(token: string): Promise<void> {
    try {
      const renewed = await verify(token);
      if (isOver()) return;
      const { subject, tenant } = verified!.principal;
      if (renewed.principal.subject !== subject || renewed.principal.tenant !== tenant)
        return refuse('FORBIDDEN', 'renew');
      hold(renewed);
    } catch (error) {
      // The credential shown before still holds, so the connection goes on until that one ends.
      if (error instanceof CodedError) tell(error.code);
      else endWith(error);
    }
  }

  function toSession(message: SessionMessage): void {
    const verdict = authorise(verified!.principal, actionOf[message.type], ownership);
    if (verdict !== 'allowed') {
      refuse(verdict, message.type);
      return;
    }
    try {
      attachment?.receive(message);
    } catch (error) {
      if (error instanceof CodedError) tell(error.code, error.seq);
      else endWith(error);
    }
  }

  function deliver(message: ClientMessage): void {
    if (message.type === 'hello') tell('ALREADY_GREETED');
    // A pong says that what was sent before it has been dealt with, a renewal included.
    else if (message.type === 'ping')
      void renewing.then(() => {
        if (!isOver()) outgoing.send({ type: 'pong', at: message.at });
      });
    else if (message.type === 'renew') renewing = renew(message.token);
    else toSession(message);
  }

  function wait(bytes: Uint8Array): void {
    waiting.push(bytes);
    waitingBytes += bytes.length;
    const maxBytes = verified === undefined ? limits.helloBytes : limits.waitingBytes;
    if (waiting.length > limits.waitingMessages || waitingBytes > maxBytes) end('TOO_MANY');
  }

  function isTooFast(length: number): boolean {
    const person = personOf(verified!.principal);
    const allowed = context.messageRate.allow(person) && context.byteRate.allow(person, length);
    if (allowed) refusals = 0;
    return !allowed;
  }

  function firstMessage(bytes: Uint8Array): void {
    const read =
      bytes.length > limits.helloBytes ? { code: 'TOO_BIG' as const } : readMessage(bytes, limits.sliceBytes);
    if ('code' in read) end(read.code);
    else if (read.message.type !== 'hello') end('HELLO_EXPECTED');
    else {
      cancelHello();
      state = 'attaching';
      greet(read.message).catch(endWith);
    }
  }

  function laterMessage(bytes: Uint8Array): void {
    if (isOver()) return;
    if (isTooFast(bytes.length)) {
      refusals += 1;
      if (refusals > limits.refusals) end('TOO_MANY');
      else tell('TOO_FAST');
      return;
    }
    const read = readMessage(bytes, limits.sliceBytes);
    if ('code' in read) tell(read.code, read.seq);
    else deliver(read.message);
  }

  function message(bytes: Uint8Array): void {
    if (state === 'greeting') firstMessage(bytes);
    else if (state === 'attaching') wait(bytes);
    else laterMessage(bytes);
  }

  return { message, drained: outgoing.drained, closed: over };
}
