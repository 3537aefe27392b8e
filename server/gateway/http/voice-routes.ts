/** The addresses of the known voices. */
import { CodedError } from '../../../shared/errors.ts';
import type { Api } from '../api.ts';
import { authoriseVoices, listedVoices, type VoiceAction } from '../authorisation.ts';
import type { Principal } from '../peer.ts';
import type { HttpRequest, HttpResponse } from '../socket.ts';
import type { Tokens } from '../tokens.ts';
import type { Voices } from '../voices.ts';
import { empty, json } from './answers.ts';
import { authenticate, oneLine } from './requests.ts';
import type { Method, Route } from './router.ts';

export interface VoiceContext {
  tokens: Tokens;
  voices: Voices;
  api: Pick<Api, 'denied'>;
}

/** Twenty seconds of stereo at 48 kHz and 16 bit; anything compressed is far below. */
export const VOICE_BYTES = 4 * 1024 * 1024;

const Name = oneLine(80);

interface Asked {
  by: Principal;
  request: HttpRequest;
  name: string;
}

export function voiceRoutes({ tokens, voices, api }: VoiceContext): Route[] {
  const on = (
    action: VoiceAction,
    method: Method,
    path: string,
    handle: (asked: Asked) => Promise<HttpResponse>,
  ): Route => ({
    method,
    path,
    async handle(request, parameters) {
      const { principal: by } = await authenticate(tokens, request);
      if (!authoriseVoices(by, action, request.query.get('owner') ?? by.subject)) {
        api.denied(by, 'voices', action, 'FORBIDDEN');
        throw new CodedError('FORBIDDEN');
      }
      const name = Name.safeParse(parameters.name ?? '-');
      if (!name.success) throw new CodedError('BAD_MESSAGE');
      return handle({ by, request, name: name.data });
    },
  });
  return [
    on('list', 'GET', '/api/voices', async ({ by }) =>
      json(200, { voices: await voices.list(listedVoices(by)) }),
    ),
    on('enrol', 'PUT', '/api/voices/{name}', async ({ by, request, name }) =>
      json(201, await voices.enrol(by, name, await request.body(VOICE_BYTES))),
    ),
    on('forget', 'DELETE', '/api/voices/{name}', async ({ by, request, name }) => {
      await voices.forget(by, request.query.get('owner') ?? by.subject, name);
      return empty;
    }),
  ];
}
