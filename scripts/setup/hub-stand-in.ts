/** A local HTTP server that plays the hub, faults included; for tests. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Play {
  readonly body: Buffer;
  /** Answer with this status instead, as often as `times` says (default: always). */
  readonly status?: number;
  /** Send the bytes from a second address, as the hub's CDN does. */
  readonly redirect?: boolean;
  /**
   * Send so many bytes and break the connection once `arrived` has heard that the client stored them; as often
   * as `times` says.
   */
  readonly cutAfter?: number;
  readonly times?: number;
  /** Default true. */
  readonly ranges?: boolean;
  readonly linkedEtag?: string;
  /** Token without which the answer is 401. */
  readonly token?: string;
}

export interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface HubStandIn {
  readonly endpoint: string;
  /** What was asked for, in order; the CDN's share in `cdnSeen`. */
  readonly seen: Seen[];
  readonly cdnSeen: Seen[];
  play(path: string, play: Play): void;
  /** The client has stored this many bytes of the file. */
  arrived(bytes: number): void;
  close(): Promise<void>;
}

const etagOf = (body: Buffer) => `"${createHash('sha256').update(body).digest('hex')}"`;

function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  play: Play,
  cutAt?: (bytes: number, cut: () => void) => void,
) {
  const etag = etagOf(play.body);
  const { range } = request.headers;
  const first = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const partial = first > 0 && play.ranges !== false && request.headers['if-range'] === etag;
  const bytes = partial ? play.body.subarray(first) : play.body;
  response.writeHead(partial ? 206 : 200, {
    etag,
    'content-length': bytes.length,
    ...(partial ? { 'content-range': `bytes ${first}-${play.body.length - 1}/${play.body.length}` } : {}),
  });
  if (cutAt !== undefined && play.cutAfter !== undefined && bytes.length > play.cutAfter) {
    cutAt((partial ? first : 0) + play.cutAfter, () => response.socket?.destroy());
    response.write(bytes.subarray(0, play.cutAfter));
  } else response.end(bytes);
}

export async function startHubStandIn(): Promise<HubStandIn> {
  const plays = new Map<string, { play: Play; left: number }>();
  const seen: Seen[] = [];
  const cdnSeen: Seen[] = [];
  const note = (list: Seen[], request: IncomingMessage) =>
    list.push({
      path: request.url ?? '',
      authorization: request.headers.authorization,
      range: request.headers.range,
    });
  const faulty = (entry: { left: number }) => entry.left-- > 0;
  let cutting: { at: number; cut: () => void } | undefined;
  const cutAt = (at: number, cut: () => void) => {
    cutting = { at, cut };
  };

  const cdn = createServer((request, response) => {
    note(cdnSeen, request);
    const entry = plays.get(request.url ?? '');
    if (entry === undefined) response.writeHead(404).end();
    else sendBytes(request, response, entry.play, faulty(entry) ? cutAt : undefined);
  });
  const hub = createServer((request, response) => {
    note(seen, request);
    const entry = plays.get(request.url ?? '');
    if (entry === undefined) return response.writeHead(404).end();
    const { play } = entry;
    if (play.token !== undefined && request.headers.authorization !== `Bearer ${play.token}`) {
      return response.writeHead(401).end();
    }
    if (play.status !== undefined && faulty(entry)) return response.writeHead(play.status).end();
    if (play.linkedEtag !== undefined) response.setHeader('x-linked-etag', `"${play.linkedEtag}"`);
    if (play.redirect) {
      const { port } = cdn.address() as AddressInfo;
      return response.writeHead(302, { location: `http://127.0.0.1:${port}${request.url}` }).end();
    }
    return sendBytes(request, response, play, play.status === undefined && faulty(entry) ? cutAt : undefined);
  });
  for (const server of [cdn, hub]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  return {
    endpoint: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`,
    seen,
    cdnSeen,
    play: (path, play) => plays.set(path, { play, left: play.times ?? Number.POSITIVE_INFINITY }),
    arrived(bytes) {
      if (cutting === undefined || bytes < cutting.at) return;
      cutting.cut();
      cutting = undefined;
    },
    async close() {
      for (const server of [cdn, hub]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
