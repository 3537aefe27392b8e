/** Requests to the server's HTTP API. The token travels in a header, never in an address. */

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  token?: string | undefined;
  /** Sent as JSON, or as it is where it is a blob. */
  body?: object | Blob;
}

/** The answer, good or not. @throws TypeError where nothing answers */
export function request(path: string, { method = 'GET', token, body }: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body === undefined) return fetch(path, { method, headers });
  const isBlob = body instanceof Blob;
  headers['content-type'] = isBlob ? 'application/octet-stream' : 'application/json';
  return fetch(path, { method, headers, body: isBlob ? body : JSON.stringify(body) });
}

/** The same for whoever can do nothing with another answer. @throws Error with the status where it is not a good one */
export async function requestOrThrow(path: string, options: RequestOptions): Promise<Response> {
  const response = await request(path, options);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}
