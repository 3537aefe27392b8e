import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decodeJwt } from 'jose';
import t from 'tap';
import type { Principal } from './peer.ts';
import {
  AUDIO,
  admin,
  clinician,
  colleague,
  reviewer,
  SESSION,
  startTestGateway,
  stranger,
} from './testing.ts';

const people = { clinician, colleague, reviewer, admin, stranger };

/** Who gets which status; a person not named is not allowed in. */
const routes: { method: string; path: string; body?: string; statuses: number[] }[] = [
  { method: 'GET', path: '', statuses: [200, 403, 200, 403, 404] },
  { method: 'GET', path: '/events?after=3', statuses: [200, 403, 200, 403, 404] },
  { method: 'GET', path: '/chunks', statuses: [200, 403, 200, 403, 404] },
  { method: 'GET', path: '/audio', statuses: [200, 403, 200, 403, 404] },
  { method: 'POST', path: '/finalize', body: '{"numSpeakers":2}', statuses: [202, 403, 403, 403, 404] },
  {
    method: 'PUT',
    path: '/speakers/SPEAKER_00',
    body: '{"name":"Ann"}',
    statuses: [204, 403, 403, 403, 404],
  },
  { method: 'POST', path: '/speakers/SPEAKER_00/undo', statuses: [204, 403, 403, 403, 404] },
  { method: 'DELETE', path: '', statuses: [403, 403, 403, 204, 404] },
];

t.test('[A1] every address of a session × everybody', async (t) => {
  const { url, token, api, clock } = await startTestGateway(t);
  for (const { method, path, body, statuses } of routes) {
    const address = `${url}/api/sessions/${SESSION}${path}`;
    const ask = async (headers: Record<string, string>, at = address) => {
      const answer = await fetch(at, { method, headers, ...(body === undefined ? {} : { body }) });
      return { status: answer.status, text: await answer.text() };
    };
    for (const [index, [name, principal]] of Object.entries(people).entries()) {
      api.calls.length = 0;
      const bearer = { authorization: `Bearer ${await token(principal)}` };
      t.equal((await ask(bearer)).status, statuses[index], `${name} ${method} ${path}`);
      if (statuses[index]! >= 400)
        t.ok(
          api.calls.every((call) => call.startsWith('denied')),
          'and nothing is done',
        );
      t.equal((await ask(bearer, address.replace(SESSION, 'session-9'))).status, 404);
      t.equal((await ask({ ...bearer, origin: 'https://evil.example' })).status, 403, 'wrong origin');
    }
    api.calls.length = 0;
    const spent = await token(admin);
    await clock.advance(600_000);
    for (const headers of [
      {},
      { authorization: 'Bearer x' },
      { authorization: `Basic ${spent}` },
      { authorization: `Bearer ${spent}` },
    ]) {
      const { status, text } = await ask(headers as Record<string, string>);
      t.equal(status, 401);
      t.match(JSON.parse(text), { error: { code: 'UNAUTHENTICATED' } });
    }
    t.same(api.calls, []);
  }
});

const name = encodeURIComponent('Dra. Núñez');
const voiceRoutes: { method: string; path: string; statuses: number[] }[] = [
  { method: 'GET', path: '', statuses: [200, 200, 403, 200, 200] },
  { method: 'PUT', path: `/${name}`, statuses: [201, 201, 403, 403, 201] },
  { method: 'DELETE', path: `/${name}`, statuses: [204, 204, 403, 204, 204] },
  { method: 'DELETE', path: `/${name}?owner=dr-a`, statuses: [204, 403, 403, 204, 204] },
];

t.test('[A1] every address of the voices × everybody', async (t) => {
  const { url, token, api } = await startTestGateway(t);
  for (const { method, path, statuses } of voiceRoutes) {
    for (const [index, [who, principal]] of Object.entries(people).entries()) {
      api.calls.length = 0;
      const answer = await fetch(`${url}/api/voices${path}`, {
        method,
        headers: { authorization: `Bearer ${await token(principal)}` },
      });
      t.equal(answer.status, statuses[index], `${who} ${method} ${path}`);
      if (answer.status === 403) t.match(api.calls, [/^denied/], 'nothing is done, and it leaves a trace');
    }
    t.equal((await fetch(`${url}/api/voices${path}`, { method })).status, 401);
  }
});

t.test('a voice sample may be larger than other bodies, from whom may send one', async (t) => {
  const { url, token, api } = await startTestGateway(t);
  const put = async (bytes: number, headers: Record<string, string>, path = `/${name}`) =>
    fetch(`${url}/api/voices${path}`, { method: 'PUT', headers, body: new Uint8Array(bytes) });
  const mine = { authorization: `Bearer ${await token(clinician)}` };
  t.equal((await put(4 * 1024 * 1024, mine)).status, 201);
  t.same(api.calls, [`enrol dr-a Dra. Núñez ${4 * 1024 * 1024}`]);
  api.calls.length = 0;
  // A client that is still sending may find the connection cut before it reads the answer.
  const refused = async (answer: Promise<Response>) => (await answer.catch(() => undefined))?.status;
  t.ok([413, undefined].includes(await refused(put(4 * 1024 * 1024 + 1, mine))));
  t.ok([401, undefined].includes(await refused(put(1024 * 1024, {}))));
  t.equal((await put(3, mine, `/${'x'.repeat(81)}`)).status, 400);
  t.equal((await put(3, mine, '/a%0Ab')).status, 400);
  t.same(api.calls, []);
});

const vocabularyRoutes: { method: string; body?: string; statuses: number[] }[] = [
  { method: 'GET', statuses: [200, 200, 200, 200, 200] },
  { method: 'PUT', body: '{"terms":["metformin"]}', statuses: [200, 200, 403, 200, 200] },
];

t.test(
  '[A1] the address of the vocabulary × everybody: each sees and changes their own clinic',
  async (t) => {
    const { url, token, api } = await startTestGateway(t);
    for (const { method, body, statuses } of vocabularyRoutes) {
      const init = { method, ...(body === undefined ? {} : { body }) };
      for (const [index, [who, principal]] of Object.entries(people).entries()) {
        api.calls.length = 0;
        const headers = { authorization: `Bearer ${await token(principal)}` };
        const answer = await fetch(`${url}/api/vocabulary`, { ...init, headers });
        t.equal(answer.status, statuses[index], `${who} ${method}`);
        if (answer.status === 403) t.match(api.calls, [/^denied/], 'nothing is done, and it leaves a trace');
        else if (method === 'PUT') t.same(api.calls, [`replace ${principal.tenant} metformin`]);
        else t.same(await answer.json(), { terms: [`term of ${principal.tenant}`] });
      }
      t.equal((await fetch(`${url}/api/vocabulary`, init)).status, 401);
    }
  },
);

t.test('a vocabulary has at most 200 terms of one line and 60 characters each', async (t) => {
  const { url, token, api } = await startTestGateway(t);
  const headers = { authorization: `Bearer ${await token(clinician)}` };
  const put = async (body: unknown) =>
    (await fetch(`${url}/api/vocabulary`, { method: 'PUT', headers, body: JSON.stringify(body) })).status;
  const many = (count: number) => Array.from({ length: count }, (_, index) => `term ${index}`);
  t.equal(await put({ terms: many(200) }), 200);
  t.equal(await put({ terms: ['x'.repeat(60)] }), 200);
  t.equal(await put({ terms: [] }), 200);
  api.calls.length = 0;
  const wrong = [many(201), ['x'.repeat(61)], [''], [' '], ['two\nlines'], ['a\u0000b'], [7], 'metformin'];
  for (const terms of wrong) t.equal(await put({ terms }), 400, JSON.stringify(terms).slice(0, 40));
  t.equal(await put({}), 400);
  t.equal(await put({ terms: [], tenant: 'south' }), 400);
  t.same(api.calls, []);
});

t.test('[A1] the one-time link logs in once, and its token can be renewed and revoked', async (t) => {
  const { gateway, url, clock } = await startTestGateway(t);
  const post = (path: string, body: object, token?: string) =>
    fetch(url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  const link = gateway.loginPath(clinician, 60);
  t.match(link, /^\/#ticket=ticket_[\w-]{43}$/);
  const ticket = link.split('=')[1]!;
  const login = await post('/api/login', { ticket });
  t.equal(login.status, 200);
  const { token, principal } = (await login.json()) as { token: string; principal: unknown };
  t.same(principal, clinician);
  t.equal((await post('/api/login', { ticket })).status, 401, 'replayed');
  const late = gateway.loginPath(clinician, 60).split('=')[1]!;
  await clock.advance(60_000);
  t.equal((await post('/api/login', { ticket: late })).status, 401, 'too late');
  const renewed = (await (await post('/api/token/renew', {}, token)).json()) as { token: string };
  t.equal((await post('/api/token/revoke', { id: 'x' }, token)).status, 403, 'of somebody else');
  t.equal((await post('/api/token/revoke', {}, token)).status, 204);
  t.equal((await post('/api/tickets', {}, token)).status, 401);
  t.equal((await post('/api/tickets', {}, renewed.token)).status, 401, 'the renewed one as well');
});

t.test('[A1] an admin revokes tokens of the own tenant, and of no other', async (t) => {
  const { url, token, connect } = await startTestGateway(t);
  const theirs = await token(clinician);
  const id = decodeJwt(theirs).jti!;
  const revoke = async (principal: Principal) => {
    const headers = { authorization: `Bearer ${await token(principal)}` };
    const body = JSON.stringify({ id });
    return (await fetch(`${url}/api/token/revoke`, { method: 'POST', headers, body })).status;
  };
  const use = async () =>
    (await fetch(`${url}/api/tickets`, { method: 'POST', headers: { authorization: `Bearer ${theirs}` } }))
      .status;
  const client = await connect();
  client.send({ type: 'hello', version: 1, token: theirs });
  t.match(await client.next(), { type: 'welcome' });
  t.equal(await revoke(stranger), 204, 'which does not tell whether there is such a token');
  t.equal(await use(), 201);
  client.send({ type: 'ping', at: 1 });
  t.match(await client.next(), { type: 'pong' }, 'the connection goes on');
  t.equal(await revoke(admin), 204);
  t.equal(await use(), 401);
  t.same((await client.closed)[0], 4401);
});

t.test('lists, health, readiness and metrics', async (t) => {
  const { url, token } = await startTestGateway(t, {
    ready: async () => ({ ready: false, checks: { disk: false } }),
  });
  const get = async (path: string, who?: keyof typeof people, headers = {}) =>
    fetch(url + path, {
      headers: { ...headers, ...(who ? { authorization: `Bearer ${await token(people[who])}` } : {}) },
    });
  const length = async (who: keyof typeof people) =>
    ((await (await get('/api/sessions', who)).json()) as { sessions: [] }).sessions.length;
  t.same(
    await Promise.all([
      length('clinician'),
      length('colleague'),
      length('reviewer'),
      length('admin'),
      length('stranger'),
    ]),
    [1, 0, 1, 1, 0],
  );
  t.equal((await get('/api/sessions')).status, 401);
  t.equal((await get('/api/sessions?before=yesterday', 'admin')).status, 400);
  t.equal((await get('/healthz')).status, 200);
  t.equal((await get('/readyz')).status, 503);
  t.equal((await get('/metrics')).status, 200, 'from this machine');
  t.equal(
    (await get('/metrics', undefined, { 'x-forwarded-for': '10.0.0.1' })).status,
    401,
    'through a proxy',
  );
  t.equal((await get('/metrics', 'clinician', { 'x-forwarded-for': '10.0.0.1' })).status, 403);
  t.equal((await get('/metrics', 'admin', { 'x-forwarded-for': '10.0.0.1' })).status, 200);
});

t.test('bad requests have their codes', async (t) => {
  const { url, token } = await startTestGateway(t);
  const authorization = `Bearer ${await token(clinician)}`;
  const code = async (method: string, path: string, body?: string) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization },
      ...(body === undefined ? {} : { body }),
    });
    return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];
  };
  const finalize = `/api/sessions/${SESSION}/finalize`;
  t.same(await code('GET', '/api/nothing'), [404, 'NOT_FOUND']);
  t.same(await code('PUT', '/api/login'), [405, 'METHOD_NOT_ALLOWED']);
  t.same(await code('POST', finalize, '{'), [400, 'BAD_MESSAGE']);
  t.same(await code('POST', finalize, '{"numSpeakers":0}'), [400, 'BAD_MESSAGE']);
  t.same(await code('POST', finalize, '{"other":1}'), [400, 'BAD_MESSAGE']);
  t.same(await code('POST', finalize, '{"numSpeakers":20}'), [400, 'SESSION_EMPTY']);
  t.same(await code('POST', finalize, ' '.repeat(70_000)), [413, 'TOO_BIG']);
  t.same(await code('PUT', `/api/sessions/${SESSION}/speakers/a`, '{}'), [400, 'BAD_MESSAGE']);
  t.same(await code('GET', `/api/sessions/${SESSION}/events?after=-1`), [400, 'BAD_MESSAGE']);
});

t.test('audio in ranges', async (t) => {
  const { url, token } = await startTestGateway(t);
  const authorization = `Bearer ${await token(reviewer)}`;
  const get = (headers: Record<string, string>, method = 'GET') =>
    fetch(`${url}/api/sessions/${SESSION}/audio`, { method, headers: { authorization, ...headers } });
  const whole = await get({});
  t.equal(whole.headers.get('content-length'), '1000');
  t.same(new Uint8Array(await whole.arrayBuffer()), AUDIO);
  const part = await get({ range: 'bytes=10-19' });
  t.equal(part.status, 206);
  t.equal(part.headers.get('content-range'), 'bytes 10-19/1000');
  t.same(new Uint8Array(await part.arrayBuffer()), AUDIO.subarray(10, 20));
  t.equal((await get({ range: 'bytes=5000-' })).status, 416);
  t.equal((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).status, 200);
  t.equal((await get({}, 'HEAD')).headers.get('content-length'), '1000');
});

t.test('the page is public, and nothing beside its directory is', async (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'auscult-page-'));
  const page = path.join(root, 'page');
  mkdirSync(path.join(page, 'assets'), { recursive: true });
  writeFileSync(path.join(root, 'secret.txt'), 'secret');
  writeFileSync(path.join(page, '.env.txt'), 'secret');
  writeFileSync(path.join(page, 'index.html'), '<p>page');
  writeFileSync(path.join(page, 'assets', 'index-Ab3_dE9x.js'), 'let a');
  symlinkSync(path.join(root, 'secret.txt'), path.join(page, 'link.txt'));
  const { url, gateway } = await startTestGateway(t, { staticDirectory: page });
  const index = await fetch(`${url}/`);
  t.equal(await index.text(), '<p>page');
  t.equal(index.headers.get('cache-control'), 'no-cache');
  const policy = index.headers.get('content-security-policy')!;
  t.match(policy, /default-src 'self'/);
  t.notMatch(policy, 'unsafe');
  t.equal(index.headers.get('x-content-type-options'), 'nosniff');
  t.match((await fetch(`${url}/assets/index-Ab3_dE9x.js`)).headers.get('cache-control'), /immutable/);
  // fetch would tidy these paths before sending them.
  const status = (raw: string) =>
    new Promise<[number, string]>((resolve, reject) => {
      const asked = httpRequest(
        { port: gateway.port, host: '127.0.0.1', path: raw, agent: false },
        (answer) => {
          let text = '';
          answer.on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve([answer.statusCode!, text]));
        },
      );
      asked.on('error', reject).end();
    });
  for (const raw of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/..%5csecret.txt',
    '/link.txt',
    '/.env.txt',
    '//secret.txt',
    '/index.html%00.txt',
    '/assets',
  ]) {
    const [code, text] = await status(raw);
    t.equal(code, 404, raw);
    t.notMatch(text, 'secret');
  }
});

t.test('[A1] CORS for origins on the list only', async (t) => {
  const { url, connect } = await startTestGateway(t);
  const preflight = (origin: string) =>
    fetch(`${url}/api/sessions`, { method: 'OPTIONS', headers: { origin } });
  const listed = await preflight('https://listed.example');
  t.equal(listed.status, 204);
  t.equal(listed.headers.get('access-control-allow-origin'), 'https://listed.example');
  const evil = await preflight('https://evil.example');
  t.equal(evil.status, 403);
  t.equal(evil.headers.get('access-control-allow-origin'), null);
  await t.rejects(connect({ origin: 'https://evil.example' }), /403/);
  (await connect({ origin: 'https://listed.example' })).socket.terminate();
});
