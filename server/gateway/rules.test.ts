import { mkdtempSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import t from 'tap';
import { createManualClock } from '../clock.ts';
import { authorise, listed, mayOpen, type SessionAction } from './authorisation.ts';
import { watchCredential } from './credential.ts';
import { parseRange } from './http/range.ts';
import { judgeOrigin } from './origins.ts';
import { createRevocations } from './revocations.ts';
import { createSlots } from './slots.ts';
import { plainAddress } from './sockets/request.ts';
import { admin, clinician, colleague, NOW, reviewer, SECRET, stranger } from './testing.ts';
import { createTickets } from './tickets.ts';
import { fullBucket, take } from './token-bucket.ts';
import { createTokens } from './tokens.ts';

t.test('[A1] who may do what to a session of dr-a in the north', async (t) => {
  const session = { tenant: 'north', owner: 'dr-a' };
  const table = {
    clinician: [clinician, 'allowed', 'allowed', 'FORBIDDEN'],
    colleague: [colleague, 'FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN'],
    reviewer: [reviewer, 'allowed', 'FORBIDDEN', 'FORBIDDEN'],
    admin: [admin, 'FORBIDDEN', 'FORBIDDEN', 'allowed'],
    stranger: [stranger, 'SESSION_UNKNOWN', 'SESSION_UNKNOWN', 'SESSION_UNKNOWN'],
  } as const;
  for (const [name, [principal, ...verdicts]] of Object.entries(table)) {
    for (const [index, action] of (['read', 'record', 'erase'] as SessionAction[]).entries()) {
      t.equal(authorise(principal, action, session), verdicts[index], `${name} ${action}`);
      t.equal(authorise(principal, action, undefined), 'SESSION_UNKNOWN');
    }
  }
  t.same([clinician, reviewer, admin].map(mayOpen), [true, false, false]);
  t.same(listed(clinician), { tenant: 'north', owner: 'dr-a' });
  t.same(listed(reviewer), { tenant: 'north' });
});

t.test('[A2] a bucket gives what it holds and fills with time', async (t) => {
  const rate = { burst: 10, perSecond: 2 };
  let bucket = fullBucket(rate, 0);
  for (const [now, amount, allowed, level] of [
    [0, 10, true, 0],
    [0, 1, false, 0],
    [499, 1, false, 0.998],
    [500, 1, true, 0],
    [400, 1, false, 0],
    [5500, 20, false, 10],
    [5500, 4, true, 6],
    [999_999, 10, true, 0],
  ] as const) {
    const taken = take(rate, bucket, amount, now);
    bucket = taken.bucket;
    t.equal(taken.allowed, allowed, `${amount} at ${now}`);
    t.ok(Math.abs(bucket.level - level) < 1e-9, `${bucket.level} left`);
  }
});

t.test('[A2] slots are counted in all and for each key, and given back once', async (t) => {
  const slots = createSlots({ total: 3, perKey: 2 });
  const first = slots.enter('a');
  slots.enter('a');
  t.equal(slots.enter('a'), undefined);
  slots.enter('b');
  t.equal(slots.enter('c'), undefined);
  first!();
  first!();
  t.ok(slots.hasRoom('c'));
  slots.enter('c');
  t.notOk(slots.hasRoom('d'));
});

t.test('[A1] origins', async (t) => {
  const judge = (headers: Record<string, string>) =>
    judgeOrigin(new Map(Object.entries(headers)), ['https://ok.example']);
  t.equal(judge({ host: 'a:1' }), 'none');
  t.equal(judge({ host: 'a:1', origin: 'http://a:1' }), 'same');
  t.equal(judge({ host: 'a:1', origin: 'https://ok.example' }), 'listed');
  for (const origin of ['http://a:2', 'http://b', 'null', 'https://ok.example.evil', 'http://a:1/']) {
    t.equal(judge({ host: 'a:1', origin }), 'refused', origin);
  }
  t.equal(judge({ origin: 'http://undefined' }), 'refused');
});

t.test('byte ranges', async (t) => {
  for (const [header, expected] of [
    [undefined, 'whole'],
    ['bytes=0-', { first: 0, last: 99 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-500', { first: 90, last: 99 }],
    ['bytes=-5', { first: 95, last: 99 }],
    ['bytes=-500', { first: 0, last: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=5-1', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,4-5', 'whole'],
    ['words=0-1', 'whole'],
  ] as const) {
    t.same(parseRange(header, 100), expected, String(header));
  }
});

t.test('an address has one spelling', async (t) => {
  t.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1');
  t.equal(plainAddress('0000:0000:0000:0000:0000:ffff:7f00:0001'), '127.0.0.1');
  t.equal(plainAddress('0000:0000:0000:0000:0000:0000:0000:0001'), '::1');
});

t.test('[A1] a ticket works once, for a while, and is not kept in clear', async (t) => {
  const clock = createManualClock(NOW);
  let count = 0;
  const tickets = createTickets<string>(clock, (length) => {
    count += 1;
    return Buffer.alloc(length, count);
  });
  const [first, second] = [tickets.issue('a', 30), tickets.issue('b', 30)];
  t.not(first, second);
  t.equal(tickets.redeem(first), 'a');
  t.equal(tickets.redeem(first), undefined, 'replayed');
  t.equal(tickets.redeem('ticket_'), undefined);
  await clock.advance(30_000);
  t.equal(tickets.redeem(second), undefined, 'too old');
});

t.test('[A1] revocations outlast a restart, until they do not matter', async (t) => {
  const clock = createManualClock(NOW);
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'auscult-')), 'revoked');
  const heard: string[] = [];
  const before = createRevocations(clock, file);
  before.watch((_tenant, id) => heard.push(id));
  before.revoke('north', 'a', NOW + 1000);
  before.revoke('north', 'b', NOW + 5000);
  t.same(heard, ['a', 'b']);
  await clock.advance(2000);
  const after = createRevocations(clock, file);
  t.notOk(after.isRevoked('north', ['a']));
  t.ok(after.isRevoked('north', ['x', 'b']));
  t.notOk(after.isRevoked('south', ['b']), 'of another tenant');
});

t.test('[A1] a credential far in the future is watched in days', async (t) => {
  const clock = createManualClock(NOW);
  let expired = 0;
  const verified = { principal: clinician, ids: ['a'], loggedInAt: NOW, expiresAt: NOW + 40 * 86_400_000 };
  watchCredential(clock, createRevocations(clock), verified, () => {
    expired += 1;
  });
  await clock.advance(40 * 86_400_000 - 1);
  t.equal(expired, 0);
  await clock.advance(1);
  t.equal(expired, 1);
});

t.test('[A1] tokens that do not hold', async (t) => {
  const clock = createManualClock(NOW);
  const revocations = createRevocations(clock);
  const keys = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' };
  const provider = http.createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] })));
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  t.teardown(() => provider.close());
  const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/jwks`;
  const options = { issuer: 'i', audience: 'a', secret: SECRET, lifetimeSeconds: 60, loginSeconds: 100 };
  let count = 0;
  const tokens = createTokens({ ...options, jwks: { url, issuer: 'idp' } }, clock, revocations, () => {
    count += 1;
    return `id${count}`;
  });
  const claims = {
    sub: 's',
    tenant: 't',
    roles: ['reviewer', 'somebody'],
    iss: 'i',
    aud: 'a',
    exp: NOW / 1000 + 60,
  };
  const sign = (
    changes: object,
    key: Uint8Array | CryptoKey = SECRET,
    header = { alg: 'HS256' } as { alg: string; kid?: string },
  ) => new SignJWT({ ...claims, ...changes }).setProtectedHeader(header).sign(key);

  t.same((await tokens.verify(await sign({}))).principal, { subject: 's', tenant: 't', roles: ['reviewer'] });
  const provided = await sign({ iss: 'idp' }, keys.privateKey, { alg: 'ES256', kid: 'k1' });
  t.equal((await tokens.verify(provided)).principal.subject, 's');

  const publicAsSecret = new TextEncoder().encode(JSON.stringify(jwk));
  const bad: Record<string, string> = {
    garbage: 'x',
    empty: '',
    expired: await sign({ exp: NOW / 1000 - 1 }),
    'expires now': await sign({ exp: NOW / 1000 }),
    'no expiry': await sign({ exp: undefined }),
    'other issuer': await sign({ iss: 'j' }),
    'other audience': await sign({ aud: 'b' }),
    'no tenant': await sign({ tenant: undefined }),
    'no subject': await sign({ sub: undefined }),
    'no known role': await sign({ roles: ['boss'] }),
    'roles no list': await sign({ roles: 'admin' }),
    'other secret': await sign({}, new Uint8Array(32)),
    'public key as secret': await sign({ iss: 'idp' }, publicAsSecret),
    'provider in our name': await sign({}, keys.privateKey, { alg: 'ES256', kid: 'k1' }),
    unsigned: new UnsecuredJWT(claims).encode(),
  };
  for (const [name, token] of Object.entries(bad)) {
    await t.rejects(tokens.verify(token), { code: 'UNAUTHENTICATED' }, name);
  }

  const issued = await tokens.verify((await tokens.issue(clinician)).token);
  await clock.advance(50_000);
  const renewed = await tokens.renew(issued);
  t.equal(renewed.expiresAt, NOW + 100_000, 'no longer than the login');
  revocations.revoke(clinician.tenant, issued.ids.at(-1)!, NOW + 100_000);
  await t.rejects(
    tokens.verify(renewed.token),
    { code: 'UNAUTHENTICATED' },
    'a renewed token falls with its login',
  );
  await clock.advance(50_000);
  await t.rejects(tokens.renew(issued), { code: 'UNAUTHENTICATED' });
  t.throws(
    () => createTokens({ ...options, secret: new Uint8Array(31) }, clock, revocations, () => ''),
    /32 bytes/,
  );
});
