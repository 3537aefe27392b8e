/** The token: fetched once with the ticket in the page's address, kept for this tab only, renewed before it expires. */
import { z } from 'zod';
import { requestOrThrow } from './request.ts';

export const Access = z.object({
  token: z.string(),
  /** Milliseconds since 1970. */
  expiresAt: z.number(),
  principal: z.object({ subject: z.string() }),
});
export type Access = z.infer<typeof Access>;

const storageKey = 'auscult-access';

/** What stands after `#ticket=` or `#token=` in a link, or in what somebody pasted. */
export function credentialIn(text: string): { ticket: string } | { token: string } | undefined {
  const found = /(?:^|[#&])(ticket|token)=([^&\s]+)/.exec(text.trim());
  if (found !== null) {
    const value = decodeURIComponent(found[2] ?? '');
    return found[1] === 'ticket' ? { ticket: value } : { token: value };
  }
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text.trim()) ? { token: text.trim() } : undefined;
}

/** Exchanges a ticket; a ticket works once. @throws Error when the server does not take it. */
export async function logIn(credential: { ticket: string } | { token: string }): Promise<Access> {
  if ('ticket' in credential) return keep(await post('/api/login', credential));
  return keep(await post('/api/token/renew', {}, credential.token));
}

export async function renew(access: Access): Promise<Access> {
  return keep(await post('/api/token/renew', {}, access.token));
}

/** The token of this tab, where it has one that still holds. */
export function storedAccess(now: number): Access | undefined {
  const parsed = Access.safeParse(JSON.parse(sessionStorage.getItem(storageKey) ?? 'null'));
  return parsed.success && parsed.data.expiresAt > now ? parsed.data : undefined;
}

export function forgetAccess(): void {
  sessionStorage.removeItem(storageKey);
}

/** Milliseconds until the token should be renewed: at four fifths of what is left of it. */
export function renewalIn(access: Access, now: number): number {
  return Math.max(1_000, Math.min((access.expiresAt - now) * 0.8, 2 ** 31 - 1));
}

function keep(access: Access): Access {
  sessionStorage.setItem(storageKey, JSON.stringify(access));
  return access;
}

async function post(path: string, body: object, token?: string): Promise<Access> {
  const response = await requestOrThrow(path, { method: 'POST', token, body });
  return Access.parse(await response.json());
}
