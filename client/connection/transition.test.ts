import t from 'tap';
import type { ServerMessage } from '../../shared/protocol.ts';
import { type ConnectionState, type Effect, type Input, initialConnection } from './state.ts';
import { timing, transition } from './transition.ts';

const half = () => 0.5;
const session = 'session-1';
const welcome = (nextSeq: number, more: Partial<ServerMessage> = {}): Input => ({
  type: 'message',
  message: {
    type: 'welcome',
    version: 1,
    session,
    phase: 'recording',
    nextSeq,
    nextEpoch: 1,
    window: 3,
    sliceBytes: 1000,
    engine: null,
    ...more,
  } as ServerMessage,
});
const ack = (seq: number): Input => ({ type: 'message', message: { type: 'ack', seq } });
const error = (code: string, more: object = {}): Input => ({
  type: 'message',
  message: { type: 'error', code, message: '', fatal: false, ...more } as ServerMessage,
});
const update = (n: number, event: string): Input => ({
  type: 'message',
  message: { type: 'update', n, at: '', event, data: {} },
});
const fatal = { fatal: true };

function run(inputs: Input[], initial: Partial<ConnectionState> = {}) {
  let state: ConnectionState = { ...initialConnection, token: 'token', ...initial };
  let effects: Effect[] = [];
  for (const input of inputs) ({ state, effects } = transition(state, input, half));
  return { state, effects, slices: slicesOf(effects) };
}
const slicesOf = (effects: Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'sendSlice' ? [effect.seq] : []));
const sent = (effects: Effect[], type: string) =>
  effects.some((effect) => effect.type === 'send' && effect.message.type === type);
const hello = (effects: Effect[]) =>
  effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'hello' ? [effect.message] : [],
  )[0];
const timerOf = (effects: Effect[], timer: string) =>
  effects.flatMap((effect) => (effect.type === 'timer' && effect.timer === timer ? [effect.after] : []))[0];

const greeted: Input[] = [{ type: 'start' }, { type: 'opened' }, welcome(0)];
const five = { queued: 5 };

t.test('[I3] hello asks for the known session and the events after the last one seen', async (t) => {
  const opening = run([{ type: 'start' }, { type: 'opened' }], { language: 'es' });
  t.match(hello(opening.effects), { token: 'token', language: 'es', session: undefined });
  const again = run([{ type: 'start' }, { type: 'opened' }], { session, after: 7 });
  t.match(hello(again.effects), { session, after: 7, takeover: undefined });
});

t.test('[I4] never more in flight than the announced window', async (t) => {
  const first = run(greeted, five);
  t.same(first.slices, [0, 1, 2]);
  t.same(run([...greeted, ack(0)], five).slices, [3]);
  t.same(run([...greeted, ack(1)], five).slices, [3, 4], 'acknowledgements are cumulative');
  t.same(run([...greeted, ack(1), ack(0)], five).slices, [], 'an old one changes nothing');
  t.same(run([...greeted, ack(4), { type: 'recorded' }], five).slices, [5]);
});

t.test('[I3] after a loss it goes on where the server says', async (t) => {
  const lost: Input[] = [...greeted, { type: 'closed', code: 1006 }];
  const waiting = run(lost, five);
  t.equal(waiting.state.status, 'waiting');
  t.equal(timerOf(waiting.effects, 'retry'), timing.retryFirst * 0.75);
  const back: Input[] = [...lost, { type: 'timer', timer: 'retry' }, { type: 'opened' }];
  t.match(
    hello(run(back, five).effects),
    { session, takeover: undefined },
    'and takes it from nobody by itself',
  );
  const resumed = run([...back, welcome(2)], five);
  t.same(resumed.slices, [2, 3, 4]);
  t.match(resumed.effects, [{}, {}, { type: 'acknowledged', before: 2 }]);
});

t.test('each loss in a row doubles the wait, within its limit', async (t) => {
  const waits: (number | undefined)[] = [];
  let state: ConnectionState = { ...initialConnection };
  ({ state } = transition(state, { type: 'start' }, half));
  for (let index = 0; index < 8; index += 1) {
    const step = transition(state, { type: 'closed', code: 1006 }, half);
    waits.push(timerOf(step.effects, 'retry'));
    ({ state } = transition(step.state, { type: 'timer', timer: 'retry' }, half));
  }
  t.same(waits, [375, 750, 1500, 3000, 6000, 11250, 11250, 11250]);
});

t.test('a server that answers nothing is left', async (t) => {
  const cases: [string, Input[]][] = [
    ['connect', [{ type: 'start' }]],
    ['greet', [{ type: 'start' }, { type: 'opened' }]],
    ['pong', [...greeted, { type: 'timer', timer: 'ping' }]],
  ];
  for (const [timer, before] of cases) {
    const { state, effects } = run([...before, { type: 'timer', timer } as Input]);
    t.equal(state.status, 'waiting', timer);
    t.ok(
      effects.some(({ type }) => type === 'close'),
      timer,
    );
  }
  const answered = run([...greeted, { type: 'timer', timer: 'ping' }, ack(0)], five);
  t.ok(answered.effects.some((effect) => effect.type === 'cancel' && effect.timer === 'pong'));
});

t.test('[I2] EXPECTED_SEQ rewinds once, however many answers come', async (t) => {
  const rewound = run(
    [...greeted, error('EXPECTED_SEQ', { seq: 1 }), error('EXPECTED_SEQ', { seq: 1 })],
    five,
  );
  t.same(rewound.slices, []);
  t.same(
    run([...greeted, error('EXPECTED_SEQ', { seq: 1 }), { type: 'timer', timer: 'hold' }], five).slices,
    [1, 2],
    'within the window, of which slice 0 still counts',
  );
  t.equal(run([...greeted, error('EXPECTED_SEQ', { seq: 40 })], five).state.status, 'waiting');
});

t.test('[I1] a server that cannot store, or asks for patience, gets the same slices later', async (t) => {
  for (const code of ['STORAGE_UNAVAILABLE', 'TOO_FAST', 'HASH_MISMATCH']) {
    const refused = run([...greeted, ack(0), error(code, { seq: 1 })], five);
    t.equal(timerOf(refused.effects, 'hold'), timing.holdFirst * 1.25, code);
    t.same(run([...greeted, ack(0), error(code, { seq: 1 }), { type: 'recorded' }], five).slices, [], code);
    const later: Input[] = [...greeted, ack(0), error(code, { seq: 1 }), { type: 'timer', timer: 'hold' }];
    t.same(run(later, five).slices, [1, 2, 3], code);
    t.equal(timerOf(run([...later, error(code)], five).effects, 'hold'), timing.holdFirst * 2.5, 'longer');
  }
});

t.test('[I2] slices whose numbers hold other bytes get new numbers, and none is given up', async (t) => {
  const conflict: Input[] = [...greeted, ack(0), error('SLICE_CONFLICT', { seq: 1 })];
  t.equal(run(conflict, five).state.status, 'waiting');
  const again: Input[] = [...conflict, { type: 'timer', timer: 'retry' }, { type: 'opened' }];
  const moved = run([...again, welcome(9, { nextEpoch: 4 } as never)], five);
  t.same(moved.slices, [9, 10, 11]);
  t.match(moved.state, { unacked: 1, offset: 8, epochOffset: 4 });
  t.equal(run([...again, welcome(9), ack(9)], five).state.unacked, 2);
});

t.test('[I2] numbering goes on after slices that another page recorded', async (t) => {
  const joined = run([{ type: 'start' }, { type: 'opened' }, welcome(12), { type: 'recorded' }], { session });
  t.same(joined.slices, [12]);
  t.equal(joined.state.epochOffset, 1);
});

t.test('slices of unknown fate are sent again rather than assumed safe', async (t) => {
  const ahead = run([{ type: 'start' }, { type: 'opened' }, welcome(12)], {
    session,
    unacked: 3,
    ...five,
    next: 3,
  });
  t.same(ahead.slices, [3, 4]);
  t.notOk(ahead.effects.some(({ type }) => type === 'acknowledged'));
  const fenced: Input[] = [
    ...greeted,
    error('SESSION_TAKEN_OVER', fatal),
    { type: 'takeOver' },
    { type: 'opened' },
  ];
  t.match(hello(run(fenced, five).effects), { takeover: true });
  t.same(run([...fenced, welcome(4)], five).slices, [0, 1, 2]);
});

t.test(
  'a server restored from an older copy gets what it lacks of what is left, in new numbers',
  async (t) => {
    const restored = run([{ type: 'start' }, { type: 'opened' }, welcome(2)], {
      session,
      unacked: 4,
      next: 4,
      ...five,
    });
    t.same(restored.slices, [2]);
  },
);

t.test('what only a person can resolve is not tried again', async (t) => {
  const codes = ['UNAUTHENTICATED', 'FORBIDDEN', 'SESSION_UNKNOWN', 'SESSION_BUSY', 'SESSION_TAKEN_OVER'];
  for (const code of codes) {
    const refused = run([...greeted, error(code, fatal), { type: 'closed', code: 4000 }, { type: 'nudge' }]);
    t.match(refused.state, { status: 'refused', refusal: code });
  }
  const byCode = run([...greeted, { type: 'closed', code: 4401 }]);
  t.match(byCode.state, { status: 'refused', refusal: 'UNAUTHENTICATED' }, 'the close code says it too');
  const busy = run([{ type: 'start' }, { type: 'opened' }, error('SESSION_BUSY', fatal)], { session });
  t.equal(busy.state.status, 'refused');
  t.equal(run([...greeted, error('SHUTTING_DOWN', fatal)]).state.status, 'waiting');
});

t.test('[A1] a new token renews a connection, and revives one that ended for want of it', async (t) => {
  t.ok(sent(run([...greeted, { type: 'token', token: 'new' }]).effects, 'renew'));
  const expired: Input[] = [...greeted, error('UNAUTHENTICATED', fatal), { type: 'token', token: 'new' }];
  t.equal(hello(run([...expired, { type: 'opened' }]).effects)?.token, 'new');
});

t.test('commands keep their place between slices', async (t) => {
  const pause: Input = { type: 'command', command: { type: 'pause', position: 5 } };
  t.notOk(sent(run([...greeted, pause], five).effects, 'pause'), 'not before the slices recorded before it');
  t.ok(sent(run([...greeted, pause, ack(1)], five).effects, 'pause'));
  const finish: Input = { type: 'command', command: { type: 'finalize', position: 2 } };
  t.notOk(
    sent(run([...greeted, finish], { queued: 2 }).effects, 'finalize'),
    'finish waits until all is safe',
  );
  t.ok(sent(run([...greeted, finish, ack(1)], { queued: 2 }).effects, 'finalize'));
});

t.test('a command is repeated on a new connection until its event has come', async (t) => {
  const consent: Input = { type: 'command', command: { type: 'consent', statement: 's', position: 0 } };
  const lost: Input[] = [{ type: 'closed', code: 1006 }, { type: 'nudge' }, { type: 'opened' }, welcome(0)];
  t.ok(sent(run([...greeted, consent, ...lost]).effects, 'consent'));
  t.notOk(sent(run([...greeted, consent, update(1, 'consent.recorded'), ...lost]).effects, 'consent'));
  const finish: Input = { type: 'command', command: { type: 'finalize', position: 0 } };
  const finishing = [...lost.slice(0, 3), welcome(0, { phase: 'finishing' } as never)];
  t.notOk(
    sent(run([...greeted, finish, ...finishing]).effects, 'finalize'),
    'the phase shows that it was heard',
  );
});

t.test('events pass once and in order', async (t) => {
  const twice = run([...greeted, update(3, 'words.committed'), update(3, 'words.committed')]);
  t.notOk(twice.effects.some(({ type }) => type === 'deliver'));
  t.equal(twice.state.after, 3);
});
