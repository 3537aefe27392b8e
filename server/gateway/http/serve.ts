/** One HTTP request from its origin to its answer; whatever goes wrong becomes an answer too. */

import { judgeOrigin } from '../origins.ts';
import type { HttpRequest, HttpResponse } from '../socket.ts';
import { answerTo, empty, errorAnswer } from './answers.ts';
import { findRoute, type Route } from './router.ts';
import { corsHeaders, securityHeaders } from './security-headers.ts';
import { staticFile } from './static-files.ts';

export interface HttpOptions {
  routes: readonly Route[];
  origins: readonly string[];
  tls: boolean;
  /** Of the page; without it only the API is served. */
  staticDirectory?: string;
  report(error: unknown): void;
}

const isPage = ({ method, path }: HttpRequest) =>
  (method === 'GET' || method === 'HEAD') && !/^\/(api|metrics|healthz|readyz)(\/|$)/.test(path);

export function createHttp(options: HttpOptions): (request: HttpRequest) => Promise<HttpResponse> {
  const fixed = securityHeaders(options.tls);

  async function answer(request: HttpRequest, refused: boolean): Promise<HttpResponse> {
    if (isPage(request) && options.staticDirectory !== undefined)
      return staticFile(options.staticDirectory, request.path);
    if (refused) return errorAnswer('ORIGIN_REFUSED');
    if (request.method === 'OPTIONS') return empty;
    const { route, parameters } = findRoute(options.routes, request.method, request.path);
    return route.handle(request, parameters);
  }

  return async (request) => {
    const verdict = judgeOrigin(request.headers, options.origins);
    const cors = verdict === 'listed' ? corsHeaders(request.headers.get('origin')!) : {};
    const given = await answer(request, verdict === 'refused').catch((error) =>
      answerTo(error, options.report),
    );
    return { ...given, headers: { ...fixed, ...given.headers, ...cors } };
  };
}
