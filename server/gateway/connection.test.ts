import t from 'tap';
import { CodedError, type ErrorCode } from '../../shared/errors.ts';
import type { ServerMessage } from '../../shared/protocol.ts';
import {
  admin,
  aSlice,
  clinician,
  colleague,
  reviewer,
  SESSION,
  startTestGateway,
  stranger,
  type TestClient,
} from './testing.ts';

const greeting = (token: string, more: object = {}) => ({ type: 'hello', version: 1, token, ...more });

async function ended(client: TestClient): Promise<[ErrorCode, number]> {
  for (;;) {
    const message = await client.next();
    if (message.type !== 'error' || !message.fatal) continue;
    const [code, reason] = await client.closed;
    if (reason !== message.code) throw new Error(`closed with ${reason}, told ${message.code}`);
    return [message.code, code];
  }
}

t.test('[A2] the first message must be a small, valid hello', async (t) => {
  const { connect, attached } = await startTestGateway(t);
  const cases: [string, unknown, ErrorCode, number][] = [
    ['another message', { type: 'ping', at: 1 }, 'HELLO_EXPECTED', 4400],
    ['an unknown one', { type: 'hola' }, 'UNKNOWN_MESSAGE', 4400],
    ['no map', 7, 'BAD_MESSAGE', 4400],
    ['no type', { version: 1 }, 'BAD_MESSAGE', 4400],
    ['no token', { type: 'hello', version: 1 }, 'BAD_MESSAGE', 4400],
    ['a session that is none', greeting('x', { session: '../../etc' }), 'BAD_MESSAGE', 4400],
    ['another version', { ...greeting('x'), version: 2 }, 'VERSION_UNSUPPORTED', 4406],
    ['a giant', greeting('x'.repeat(20_000)), 'TOO_BIG', 4400],
    ['a wrong token', greeting('x.y.z'), 'UNAUTHENTICATED', 4401],
    ['a ticket that never was', greeting('ticket_abc'), 'UNAUTHENTICATED', 4401],
  ];
  for (const [name, message, code, closeCode] of cases) {
    const client = await connect();
    client.send(message);
    t.same(await ended(client), [code, closeCode], name);
  }
  t.equal(attached.length, 0);
});

t.test('[A2] silence ends after five seconds', async (t) => {
  const { connect, clock } = await startTestGateway(t);
  const client = await connect();
  await clock.advance(4_999);
  t.equal(client.socket.readyState, client.socket.OPEN);
  await clock.advance(1);
  t.same(await ended(client), ['HELLO_TIMEOUT', 4408]);
});

t.test('messages reach the session in order, those during attaching too', async (t) => {
  let admit = () => {};
  const gate = new Promise<void>((resolve) => {
    admit = resolve;
  });
  const received: unknown[] = [];
  const { connect, token } = await startTestGateway(t, {
    async attach(hello) {
      t.equal(hello.token, '', 'the token stays in the gateway');
      await gate;
      return {
        receive: (message) => void received.push('seq' in message ? message.seq : message.type),
        detach() {},
      };
    },
  });
  const client = await connect();
  client.send(greeting(await token(clinician)));
  for (const message of [aSlice(0), aSlice(1), { type: 'ping', at: 5 }]) client.send(message);
  admit();
  t.same(await client.next(), { type: 'pong', at: 5 });
  client.send(aSlice(2));
  client.send({ type: 'finalize' });
  client.send({ type: 'ping', at: 6 });
  await client.next();
  t.same(received, [0, 1, 2, 'finalize']);
});

t.test('what cannot be read after hello is answered, and the connection goes on', async (t) => {
  const { connect, token, attached, reports } = await startTestGateway(t);
  const client = await connect();
  const credential = await token(clinician);
  client.send(greeting(credential));
  await client.next();
  const good = aSlice(4);
  const cases: [unknown, ErrorCode, number?][] = [
    [greeting(credential), 'ALREADY_GREETED'],
    [{ type: 'nonsense' }, 'UNKNOWN_MESSAGE'],
    [{ type: '__proto__' }, 'UNKNOWN_MESSAGE'],
    [null, 'BAD_MESSAGE'],
    [[1, 2], 'BAD_MESSAGE'],
    [{ ...good, seq: -1 }, 'BAD_MESSAGE'],
    [{ ...good, seq: 1.5 }, 'BAD_MESSAGE'],
    [{ ...good, data: 'text' }, 'BAD_MESSAGE', 4],
    [{ ...good, sha256: 'md5:0' }, 'BAD_MESSAGE', 4],
    [{ ...good, durationMs: Number.NaN }, 'BAD_MESSAGE', 4],
    [{ ...good, mime: 'x'.repeat(129) }, 'BAD_MESSAGE', 4],
    [{ type: 'finalize', numSpeakers: 0 }, 'BAD_MESSAGE'],
    [{ type: 'finalize', numSpeakers: 21 }, 'BAD_MESSAGE'],
    [{ type: 'renew', token: 'x.y.z' }, 'UNAUTHENTICATED'],
    [aSlice(9, new Uint8Array(1024 * 1024 + 1)), 'TOO_BIG', 9],
  ];
  for (const [message, code, seq] of cases) {
    client.send(message);
    const answer = (await client.next()) as Extract<ServerMessage, { type: 'error' }>;
    t.match(answer, { type: 'error', code, fatal: false, seq }, code);
  }
  client.sendBytes(new Uint8Array([0xc1, 0xff]));
  t.match(await client.next(), { code: 'BAD_MESSAGE' });
  t.same(attached[0]!.received, []);
  t.same(reports, []);
  client.send(aSlice(0, new Uint8Array(1024 * 1024)));
  client.send({ type: 'ping', at: 1 });
  t.match(await client.next(), { type: 'pong' });
  t.equal(attached[0]!.received.length, 1, 'the largest slice is taken');
});

t.test(
  '[A1] the socket closes when its token expires, is revoked, or is renewed for somebody else',
  async (t) => {
    const { connect, token, clock, url, attached } = await startTestGateway(t);
    const first = await token(clinician);
    const client = await connect();
    client.send(greeting(first));
    await client.next();
    await clock.advance(500_000);
    const second = await token(clinician);
    client.send({ type: 'renew', token: second });
    client.send({ type: 'ping', at: 1 });
    await client.next();
    await clock.advance(200_000);
    t.notOk(attached[0]!.detached, 'the newer token counts');
    await clock.advance(400_000);
    t.same(await ended(client), ['UNAUTHENTICATED', 4401]);
    t.ok(attached[0]!.detached);

    const third = await token(clinician);
    const again = await connect();
    again.send(greeting(third));
    await again.next();
    const logout = await fetch(`${url}/api/token/revoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${third}` },
    });
    t.equal(logout.status, 204);
    t.same(await ended(again), ['UNAUTHENTICATED', 4401]);

    const other = await connect();
    other.send(greeting(await token(clinician)));
    await other.next();
    other.send({ type: 'renew', token: await token(stranger) });
    t.same(await ended(other), ['FORBIDDEN', 4403]);
  },
);

t.test('[A1] who may attach, and what they may send', async (t) => {
  const { connect, token, attached, api } = await startTestGateway(t);
  for (const [who, more, code] of [
    [reviewer, {}, 'FORBIDDEN'],
    [admin, {}, 'FORBIDDEN'],
    [colleague, { session: SESSION }, 'FORBIDDEN'],
    [stranger, { session: SESSION }, 'SESSION_UNKNOWN'],
    [clinician, { session: 'session-2' }, 'SESSION_UNKNOWN'],
  ] as const) {
    const client = await connect();
    client.send(greeting(await token(who), more));
    t.equal((await ended(client))[0], code, `${who.subject} ${JSON.stringify(more)}`);
  }
  t.equal(attached.length, 0);
  const watching = await connect();
  watching.send(greeting(await token(reviewer), { session: SESSION }));
  await watching.next();
  watching.send(aSlice(0));
  t.same(await ended(watching), ['FORBIDDEN', 4403]);
  t.same(attached[0]!.received, []);
  t.ok(api.calls.includes('denied dr-b attach FORBIDDEN'));
  t.ok(api.calls.includes('denied rev slice FORBIDDEN'));
});

t.test('[A1] a ticket stands for its token once', async (t) => {
  const { connect, token, url } = await startTestGateway(t);
  const headers = { authorization: `Bearer ${await token(clinician)}` };
  const { ticket } = (await (await fetch(`${url}/api/tickets`, { method: 'POST', headers })).json()) as {
    ticket: string;
  };
  const client = await connect();
  client.send(greeting(ticket));
  t.match(await client.next(), { type: 'welcome' });
  const replay = await connect();
  replay.send(greeting(ticket));
  t.same(await ended(replay), ['UNAUTHENTICATED', 4401]);
});

t.test('[A2] too many messages are refused, far too many end the connection', async (t) => {
  const limits = { messageRate: { burst: 3, perSecond: 1 }, refusals: 5 };
  const { connect, token, clock, attached } = await startTestGateway(t, { limits });
  const client = await connect();
  client.send(greeting(await token(clinician)));
  await client.next();
  for (let seq = 0; seq < 4; seq += 1) client.send(aSlice(seq));
  t.match(await client.next(), { type: 'error', code: 'TOO_FAST', fatal: false });
  t.equal(attached[0]!.received.length, 3);
  await clock.advance(1000);
  for (let seq = 3; seq < 10; seq += 1) client.send(aSlice(seq));
  t.same(await ended(client), ['TOO_MANY', 4429]);
  t.equal(attached[0]!.received.length, 4);
});

t.test(
  '[A2] what one person may send is counted over all their connections, old and new; others have their own',
  async (t) => {
    const limits = { messageRate: { burst: 4, perSecond: 1 }, byteRate: { burst: 3000, perSecond: 1000 } };
    const { connect, token, clock, attached } = await startTestGateway(t, { limits });
    const greeted = async (person = clinician) => {
      const client = await connect();
      client.send(greeting(await token(person)));
      await client.next();
      return client;
    };
    const tooFast = { type: 'error', code: 'TOO_FAST', fatal: false };
    const [first, second] = [await greeted(), await greeted()];
    first.send(aSlice(0, new Uint8Array(1000)));
    first.send({ type: 'ping', at: 1 });
    t.match(await first.next(), { type: 'pong' });
    second.send(aSlice(0, new Uint8Array(1900)));
    t.match(await second.next(), tooFast, 'more bytes than the other connection has left');
    second.send({ type: 'ping', at: 2 });
    t.match(await second.next(), { type: 'pong' });
    second.socket.close();
    await second.closed;
    const third = await greeted();
    third.send({ type: 'ping', at: 3 });
    t.match(await third.next(), tooFast, 'coming again does not fill the bucket');
    t.same(
      attached.map(({ received }) => received.length),
      [1, 0, 0],
    );

    const other = await greeted(colleague);
    other.send({ type: 'ping', at: 4 });
    t.match(await other.next(), { type: 'pong' });
    await clock.advance(1000);
    third.send({ type: 'ping', at: 5 });
    t.match(await third.next(), { type: 'pong' });
  },
);

t.test('[A2] what is sent before the answer to hello is counted too', async (t) => {
  const limits = { messageRate: { burst: 2, perSecond: 1 } };
  const { connect, token } = await startTestGateway(t, { limits });
  const client = await connect();
  client.send(greeting(await token(clinician)));
  for (let at = 0; at < 3; at += 1) client.send({ type: 'ping', at });
  const answers: string[] = [];
  for (let count = 0; count < 4; count += 1) answers.push((await client.next()).type);
  t.same(answers.sort(), ['error', 'pong', 'pong', 'welcome']);
});

t.test('[A2] connections without a token are few, and so are those of one person', async (t) => {
  const limits = { unauthenticated: { total: 9, perKey: 2 }, authenticated: { total: 9, perKey: 1 } };
  const { connect, token } = await startTestGateway(t, { limits });
  const [first, second] = [await connect(), await connect()];
  await t.rejects(connect(), /429/);
  first.send(greeting(await token(clinician)));
  await first.next();
  second.send(greeting(await token(clinician)));
  t.same(await ended(second), ['TOO_MANY', 4429]);
  await connect();
});

t.test('[A2] a peer that does not read is given up; a newer tail replaces the one that waits', async (t) => {
  const limits = { backpressureBytes: 64 * 1024, outgoingBytes: 1024 * 1024, stallSeconds: 30 };
  const { connect, token, attached, clock } = await startTestGateway(t, { limits });
  const flood = async (client: TestClient, count: number) => {
    client.send(greeting(await token(clinician)));
    await client.next();
    client.socket.pause();
    const { peer } = attached.at(-1)!;
    const text = 'x'.repeat(100_000);
    for (let at = 0; at < count; at += 1)
      peer.send({ type: 'tail', words: [{ text, start: at, end: at, probability: 1 }] });
    return peer;
  };
  const slow = await connect();
  const peer = await flood(slow, 300);
  t.notOk(attached[0]!.detached, 'three hundred tails wait as one');
  peer.send({ type: 'ack', seq: 1 });
  slow.socket.resume();
  let last = -1;
  for (let message = await slow.next(); message.type !== 'ack'; message = await slow.next()) {
    if (message.type === 'tail') last = message.words[0]!.start;
  }
  t.equal(last, 299, 'the newest arrives');

  const stuck = await connect();
  await flood(stuck, 300);
  await clock.advance(30_000);
  t.ok(attached[1]!.detached, 'nothing was read for 30 s');

  const greedy = await connect();
  const updates = await flood(greedy, 100);
  for (let n = 0; n < 200; n += 1)
    updates.send({ type: 'update', n, at: '', event: 'x', data: 'y'.repeat(10_000) });
  t.ok(attached[2]!.detached, 'more waits than the limit');
  stuck.socket.terminate();
  greedy.socket.terminate();
});

t.test('a session that fails is an answer, not a crash', async (t) => {
  const { connect, token, reports } = await startTestGateway(t, {
    async attach(hello) {
      if (hello.client === 'busy') throw new CodedError('SESSION_BUSY');
      if (hello.client === 'full disk') throw new CodedError('STORAGE_UNAVAILABLE');
      if (hello.client === 'defect') throw new Error('secret');
      return {
        receive(message) {
          if (message.type === 'pause') throw new Error('secret');
          throw new CodedError('EXPECTED_SEQ', { seq: 3 });
        },
        detach() {},
      };
    },
  });
  const attempt = async (client: string) => {
    const one = await connect();
    one.send(greeting(await token(clinician), { client }));
    return one;
  };
  t.same(await ended(await attempt('busy')), ['SESSION_BUSY', 4409]);
  t.same(await ended(await attempt('full disk')), ['STORAGE_UNAVAILABLE', 1011]);
  t.same(await ended(await attempt('defect')), ['INTERNAL', 1011]);
  const client = await attempt('fine');
  client.send(aSlice(7));
  t.match(await client.next(), { code: 'EXPECTED_SEQ', seq: 3, fatal: false });
  client.send({ type: 'pause' });
  t.same(await ended(client), ['INTERNAL', 1011]);
  t.equal(reports.length, 2);
});
