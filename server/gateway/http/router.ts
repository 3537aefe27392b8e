/** A table of routes: a path's parts in braces are parameters. */
import { CodedError } from '../../../shared/errors.ts';
import type { HttpRequest, HttpResponse } from '../socket.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Route {
  method: Method;
  /** Such as `/api/sessions/{session}`. */
  path: string;
  handle(request: HttpRequest, parameters: Record<string, string>): Promise<HttpResponse>;
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const [expected, actual] = [pattern.split('/'), path.split('/')];
  if (expected.length !== actual.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of expected.entries()) {
    const value = actual[index]!;
    if (part.startsWith('{')) parameters[part.slice(1, -1)] = value;
    else if (part !== value) return undefined;
  }
  return parameters;
}

/** A HEAD request is answered as GET; the transport leaves the body out. @throws CodedError NOT_FOUND, METHOD_NOT_ALLOWED */
export function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; parameters: Record<string, string> } {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const found = routes.flatMap((route) => {
    const parameters = match(route.path, path);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  if (found.length === 0) throw new CodedError('NOT_FOUND');
  const hit = found.find(({ route }) => route.method === wanted);
  if (hit === undefined) throw new CodedError('METHOD_NOT_ALLOWED');
  return hit;
}
