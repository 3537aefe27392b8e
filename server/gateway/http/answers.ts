import { CodedError, type ErrorCode, errorKinds } from '../../../shared/errors.ts';
import type { HttpResponse } from '../socket.ts';

export function json(status: number, value: unknown): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
    body: JSON.stringify(value),
  };
}

export const empty: HttpResponse = { status: 204, headers: { 'cache-control': 'no-store' } };

export function errorAnswer(code: ErrorCode, headers: Record<string, string> = {}): HttpResponse {
  const { httpStatus, message } = errorKinds[code];
  const answer = json(httpStatus, { error: { code, message } });
  const challenge: Record<string, string> = httpStatus === 401 ? { 'www-authenticate': 'Bearer' } : {};
  return { ...answer, headers: { ...answer.headers, ...challenge, ...headers } };
}

/** @param report Is told what no client may see. */
export function answerTo(error: unknown, report: (error: unknown) => void): HttpResponse {
  if (error instanceof CodedError) return errorAnswer(error.code);
  report(error);
  return errorAnswer('INTERNAL');
}
