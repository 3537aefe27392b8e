/** The address of the clinic's vocabulary. */
import { z } from 'zod';
import { CodedError } from '../../../shared/errors.ts';
import type { Api } from '../api.ts';
import { authoriseVocabulary, type VocabularyAction } from '../authorisation.ts';
import type { Principal } from '../peer.ts';
import type { HttpRequest } from '../socket.ts';
import type { Tokens } from '../tokens.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { json } from './answers.ts';
import { authenticate, oneLine, readJson } from './requests.ts';
import type { Method, Route } from './router.ts';

export interface VocabularyContext {
  tokens: Tokens;
  vocabulary: Vocabulary;
  api: Pick<Api, 'denied'>;
}

/** More than the engine can be told at once, so that a clinic may sort by what matters. */
const MOST_TERMS = 200;
const LONGEST_TERM = 60;

const Terms = z.strictObject({ terms: z.array(oneLine(LONGEST_TERM)).max(MOST_TERMS) });

export function vocabularyRoutes({ tokens, vocabulary, api }: VocabularyContext): Route[] {
  const on = (
    action: VocabularyAction,
    method: Method,
    handle: (by: Principal, request: HttpRequest) => Promise<string[]>,
  ): Route => ({
    method,
    path: '/api/vocabulary',
    async handle(request) {
      const { principal: by } = await authenticate(tokens, request);
      if (!authoriseVocabulary(by, action)) {
        api.denied(by, 'vocabulary', action, 'FORBIDDEN');
        throw new CodedError('FORBIDDEN');
      }
      return json(200, { terms: await handle(by, request) });
    },
  });
  return [
    on('read', 'GET', (by) => vocabulary.list(by.tenant)),
    on('change', 'PUT', async (by, request) =>
      vocabulary.replace(by, (await readJson(request, Terms)).terms),
    ),
  ];
}
