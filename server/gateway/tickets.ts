/**
 * Single-use, short-lived tickets, kept in memory as hashes: a memory dump or a log shows none that works.
 * A login ticket is what `npm start` prints; a socket ticket stands in `hello` in place of a token.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';

export interface Tickets<Grant> {
  issue(grant: Grant, lifetimeSeconds: number): string;
  /** The grant, once; undefined when the ticket is unknown, used or too old. */
  redeem(ticket: string): Grant | undefined;
}

const PREFIX = 'ticket_';
/** Tickets outstanding at once; the oldest give way. */
const CAPACITY = 10_000;

export const isTicket = (text: string): boolean => text.startsWith(PREFIX);

const digest = (ticket: string) => createHash('sha256').update(ticket).digest('base64');

export function createTickets<Grant>(clock: Clock, randomBytes: (length: number) => Buffer): Tickets<Grant> {
  const outstanding = new Map<string, { grant: Grant; expiresAt: number }>();
  return {
    issue(grant, lifetimeSeconds) {
      for (const [key, entry] of outstanding) {
        if (entry.expiresAt <= clock.now() || outstanding.size >= CAPACITY) outstanding.delete(key);
      }
      const ticket = PREFIX + randomBytes(32).toString('base64url');
      outstanding.set(digest(ticket), { grant, expiresAt: clock.now() + lifetimeSeconds * 1000 });
      return ticket;
    },
    redeem(ticket) {
      const key = digest(ticket);
      const entry = outstanding.get(key);
      outstanding.delete(key);
      return entry !== undefined && clock.now() < entry.expiresAt ? entry.grant : undefined;
    },
  };
}
