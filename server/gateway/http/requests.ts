/** What the routes ask of a request: who sends it, what its body holds, which session it means. */
import { z } from 'zod';
import { CodedError } from '../../../shared/errors.ts';
import type { Api } from '../api.ts';
import { authorise, type SessionAction } from '../authorisation.ts';
import type { HttpRequest } from '../socket.ts';
import type { Tokens, Verified } from '../tokens.ts';

/** @throws CodedError UNAUTHENTICATED */
export async function authenticate(tokens: Tokens, request: HttpRequest): Promise<Verified> {
  const match = /^Bearer ([\w.~+/=-]+)$/i.exec(request.headers.get('authorization') ?? '');
  if (!match) throw new CodedError('UNAUTHENTICATED');
  return tokens.verify(match[1]!);
}

/** An empty body counts as `{}`. @throws CodedError BAD_MESSAGE, TOO_BIG */
export async function readJson<Schema extends z.ZodType>(
  request: HttpRequest,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = Buffer.from(await request.body()).toString('utf8');
  try {
    return schema.parse(text === '' ? {} : JSON.parse(text));
  } catch (cause) {
    throw new CodedError('BAD_MESSAGE', { cause });
  }
}

/** Shown on the page and in documents: one line, no control characters. */
export const oneLine = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^\P{Cc}+$/u);

/** A whole number of the query, `fallback` where there is none. @throws CodedError BAD_MESSAGE */
export function wholeNumber(request: HttpRequest, name: string, fallback: number): number {
  const text = request.query.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,10}$/.test(text)) throw new CodedError('BAD_MESSAGE');
  return Number(text);
}

/** @throws CodedError SESSION_UNKNOWN, FORBIDDEN; whoever is known and refused leaves a trace. */
export async function permit(
  api: Pick<Api, 'ownership' | 'denied'>,
  { principal }: Verified,
  action: SessionAction,
  session: string,
): Promise<void> {
  const wellFormed = /^[A-Za-z0-9_-]{8,64}$/.test(session);
  const ownership = wellFormed ? await api.ownership(session) : undefined;
  const verdict = authorise(principal, action, ownership);
  if (verdict === 'allowed') return;
  if (ownership !== undefined) api.denied(principal, session, action, verdict);
  throw new CodedError(verdict);
}

/** Straight from this machine: a proxy would have said for whom it asks. */
export function isLocal(request: HttpRequest): boolean {
  const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) =>
    request.headers.has(name),
  );
  return !forwarded && (request.remoteAddress === '::1' || request.remoteAddress.startsWith('127.'));
}
