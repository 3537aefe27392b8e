/** Every address of the HTTP API; PROTOCOL.md says the same in words. */
import { z } from 'zod';
import { CodedError } from '../../../shared/errors.ts';
import { Role } from '../../../shared/transcript.ts';
import type { Clock } from '../../clock.ts';
import type { Api, AudioFile } from '../api.ts';
import { listed, mayAdminister, type SessionAction } from '../authorisation.ts';
import type { Principal } from '../peer.ts';
import type { RateLimit } from '../rate-limit.ts';
import type { Revocations } from '../revocations.ts';
import type { HttpRequest, HttpResponse } from '../socket.ts';
import type { Tickets } from '../tickets.ts';
import type { Verified } from '../tokens.ts';
import { empty, json } from './answers.ts';
import { parseRange } from './range.ts';
import { authenticate, isLocal, permit, readJson, wholeNumber } from './requests.ts';
import type { Method, Route } from './router.ts';
import { type VocabularyContext, vocabularyRoutes } from './vocabulary-routes.ts';
import { type VoiceContext, voiceRoutes } from './voice-routes.ts';

export interface RouteContext extends VoiceContext, VocabularyContext {
  clock: Clock;
  api: Api;
  loginTickets: Tickets<Principal>;
  loginAttempts: RateLimit;
  socketTickets: Tickets<Verified>;
  revocations: Revocations;
  /** How long a revoked login has to be remembered. */
  loginSeconds: number;
  ready(): Promise<{ ready: boolean; checks: Record<string, boolean> }>;
  metrics(): Promise<{ contentType: string; text: string }>;
}

const SOCKET_TICKET_SECONDS = 30;
const PAGE_OF_SESSIONS = 200;
const PAGE_OF_EVENTS = 1000;

const Login = z.strictObject({ ticket: z.string().max(256) });
const Revoke = z.strictObject({ id: z.string().min(1).max(256).optional() });
const Finalize = z.strictObject({ numSpeakers: z.number().int().min(1).max(20).optional() });
const Label = z
  .strictObject({ name: z.string().max(200).optional(), role: Role.optional() })
  .refine((label) => label.name !== undefined || label.role !== undefined);
const Erase = z.strictObject({ reason: z.string().max(1000).default('') });
const Before = z.iso.datetime().optional();

function publicRoutes(context: RouteContext): Route[] {
  return [
    { method: 'GET', path: '/healthz', handle: async () => json(200, { live: true }) },
    {
      method: 'GET',
      path: '/readyz',
      async handle() {
        const readiness = await context.ready();
        return json(readiness.ready ? 200 : 503, readiness);
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      async handle(request) {
        if (!isLocal(request) && !mayAdminister((await authenticate(context.tokens, request)).principal)) {
          throw new CodedError('FORBIDDEN');
        }
        const { contentType, text } = await context.metrics();
        return {
          status: 200,
          headers: { 'content-type': contentType, 'cache-control': 'no-store' },
          body: text,
        };
      },
    },
    {
      method: 'POST',
      path: '/api/login',
      async handle(request) {
        if (!context.loginAttempts.allow(request.remoteAddress)) throw new CodedError('TOO_MANY');
        const { ticket } = await readJson(request, Login);
        const principal = context.loginTickets.redeem(ticket);
        if (principal === undefined) throw new CodedError('UNAUTHENTICATED');
        return json(200, { ...(await context.tokens.issue(principal)), principal });
      },
    },
  ];
}

function tokenRoutes(context: RouteContext): Route[] {
  const { tokens, revocations, clock } = context;
  const known = (
    method: Method,
    path: string,
    handle: (who: Verified, request: HttpRequest) => Promise<HttpResponse>,
  ): Route => ({
    method,
    path,
    handle: async (request) => handle(await authenticate(tokens, request), request),
  });
  return [
    known('POST', '/api/token/renew', async (who) =>
      json(200, { ...(await tokens.renew(who)), principal: who.principal }),
    ),
    known('POST', '/api/token/revoke', async (who, request) => {
      const { id } = await readJson(request, Revoke);
      if (id !== undefined && !mayAdminister(who.principal)) throw new CodedError('FORBIDDEN');
      const ids = id === undefined ? who.ids : [id];
      const until = Math.max(who.expiresAt, clock.now() + context.loginSeconds * 1000);
      for (const one of ids) revocations.revoke(who.principal.tenant, one, until);
      return empty;
    }),
    known('POST', '/api/tickets', async (who) =>
      json(201, {
        ticket: context.socketTickets.issue(who, SOCKET_TICKET_SECONDS),
        lifetimeSeconds: SOCKET_TICKET_SECONDS,
      }),
    ),
    known('GET', '/api/sessions', async (who, request) => {
      const before = Before.safeParse(request.query.get('before') ?? undefined);
      if (!before.success) throw new CodedError('BAD_MESSAGE');
      const page = { ...listed(who.principal), limit: PAGE_OF_SESSIONS };
      return json(200, {
        sessions: await context.api.list(before.data === undefined ? page : { ...page, before: before.data }),
      });
    }),
  ];
}

function audioAnswer(request: HttpRequest, file: AudioFile): HttpResponse {
  const etag = file.sha256 === undefined ? undefined : `"${file.sha256}"`;
  const ifRange = request.headers.get('if-range');
  const asked = ifRange !== undefined && ifRange !== etag ? undefined : request.headers.get('range');
  const range = parseRange(asked, file.bytes);
  const headers = {
    'content-type': 'audio/wav',
    'cache-control': 'no-store',
    'accept-ranges': 'bytes',
    ...(etag === undefined ? {} : { etag }),
  };
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${file.bytes}` }, body: '' };
  }
  const { first, last } = range === 'whole' ? { first: 0, last: file.bytes - 1 } : range;
  const part: Record<string, string> =
    range === 'whole' ? {} : { 'content-range': `bytes ${first}-${last}/${file.bytes}` };
  return {
    status: range === 'whole' ? 200 : 206,
    headers: { ...headers, ...part, 'content-length': String(last - first + 1) },
    ...(request.method === 'HEAD' ? {} : { body: file.read(first, last) }),
  };
}

interface SessionRequest {
  by: Principal;
  session: string;
  request: HttpRequest;
  parameters: Record<string, string>;
}

function sessionRoutes({ api, tokens }: RouteContext): Route[] {
  const on = (
    action: SessionAction,
    method: Method,
    rest: string,
    handle: (asked: SessionRequest) => Promise<HttpResponse>,
  ): Route => ({
    method,
    path: `/api/sessions/{session}${rest}`,
    async handle(request, parameters) {
      const who = await authenticate(tokens, request);
      const session = parameters.session!;
      await permit(api, who, action, session);
      return handle({ by: who.principal, session, request, parameters });
    },
  });
  return [
    on('read', 'GET', '', async ({ by, session }) => json(200, await api.view(by, session))),
    on('read', 'GET', '/events', async ({ by, session, request }) => {
      const events = await api.events(by, session, wholeNumber(request, 'after', 0), PAGE_OF_EVENTS);
      return json(200, { events, more: events.length === PAGE_OF_EVENTS });
    }),
    on('read', 'GET', '/chunks', async ({ by, session }) =>
      json(200, { chunks: await api.chunks(by, session) }),
    ),
    on('read', 'GET', '/audio', async ({ by, session, request }) =>
      audioAnswer(request, await api.audio(by, session)),
    ),
    on('record', 'POST', '/finalize', async ({ by, session, request }) =>
      json(202, await api.finalize(by, session, await readJson(request, Finalize))),
    ),
    on('record', 'PUT', '/speakers/{speaker}', async ({ by, session, request, parameters }) => {
      await api.label(by, session, parameters.speaker!, await readJson(request, Label));
      return empty;
    }),
    on('record', 'POST', '/speakers/{speaker}/undo', async ({ by, session, parameters }) => {
      await api.undoLabel(by, session, parameters.speaker!);
      return empty;
    }),
    on('erase', 'DELETE', '', async ({ by, session, request }) => {
      await api.erase(by, session, (await readJson(request, Erase)).reason);
      return empty;
    }),
  ];
}

export const createRoutes = (context: RouteContext): Route[] => [
  ...publicRoutes(context),
  ...tokenRoutes(context),
  ...sessionRoutes(context),
  ...voiceRoutes(context),
  ...vocabularyRoutes(context),
];
