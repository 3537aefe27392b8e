import t from 'tap';
import {
  nextSeq,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  type SliceFacts,
  transition,
} from './transition.ts';

const open = (stored = 0, phase: 'recording' | 'paused' = 'recording'): SessionState => ({
  phase,
  intake: { stored, storing: [], waiting: [] },
});
const slice = (seq: number, audioHash = `hash-${seq}`): SliceFacts => ({ seq, audioHash });

function run(
  state: SessionState,
  ...inputs: SessionInput[]
): { state: SessionState; effects: SessionEffect[] } {
  const effects: SessionEffect[] = [];
  for (const input of inputs) {
    const next = transition(state, input);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

const kinds = (effects: SessionEffect[]) =>
  effects.map((effect) => {
    if (effect.type === 'refuse')
      return `refuse ${effect.code}${effect.seq === undefined ? '' : ` ${effect.seq}`}`;
    if (effect.type === 'acknowledge') return `acknowledge ${effect.seq}`;
    if (effect.type === 'store' || effect.type === 'listen')
      return `${effect.type} ${effect.slices.map((s) => s.seq)}`;
    return effect.type;
  });

t.test('[I1] a slice is acknowledged only after it is stored', async (t) => {
  const received = run(open(), { type: 'slice', slice: slice(0) });
  t.same(kinds(received.effects), ['store 0']);
  const stored = run(received.state, { type: 'stored' });
  t.same(kinds(stored.effects), ['acknowledge 0', 'listen 0']);
});

t.test(
  '[I1] slices that arrive during a write go as one batch after it, and one acknowledgement covers them',
  async (t) => {
    const inputs: SessionInput[] = [0, 1, 2, 3].map((seq) => ({ type: 'slice', slice: slice(seq) }));
    const { state, effects } = run(open(), ...inputs, { type: 'stored' }, { type: 'stored' });
    t.same(kinds(effects), [
      'store 0',
      'acknowledge 0',
      'listen 0',
      'store 1,2,3',
      'acknowledge 3',
      'listen 1,2,3',
    ]);
    t.equal(nextSeq(state), 4);
  },
);

t.test('[I1] a failed write acknowledges nothing and every slice on its way is expected again', async (t) => {
  const { state, effects } = run(
    open(5),
    { type: 'slice', slice: slice(5) },
    { type: 'slice', slice: slice(6) },
    { type: 'not-stored' },
    { type: 'slice', slice: slice(5) },
  );
  t.same(kinds(effects), ['store 5', 'refuse STORAGE_UNAVAILABLE 5', 'store 5']);
  t.equal(nextSeq(state), 6);
});

t.test('[I2] a gap is refused with EXPECTED_SEQ', async (t) => {
  t.same(kinds(run(open(3), { type: 'slice', slice: slice(5) }).effects), ['refuse EXPECTED_SEQ 3']);
  const onItsWay = run(open(3), { type: 'slice', slice: slice(3) }, { type: 'slice', slice: slice(5) });
  t.same(kinds(onItsWay.effects), ['store 3', 'refuse EXPECTED_SEQ 4']);
});

t.test('[I2] a duplicate with the same hash is acknowledged again and stored once', async (t) => {
  const { state, effects } = run(open(3), { type: 'slice', slice: slice(1), storedHash: 'hash-1' });
  t.same(kinds(effects), ['acknowledge 2']);
  t.equal(nextSeq(state), 3);
});

t.test('[I2] a duplicate of a slice on its way to the disk waits for that one', async (t) => {
  const { effects } = run(
    open(),
    { type: 'slice', slice: slice(0) },
    { type: 'slice', slice: slice(0) },
    { type: 'stored' },
  );
  t.same(kinds(effects), ['store 0', 'acknowledge 0', 'listen 0']);
});

t.test('[I2] the same number with other bytes is SLICE_CONFLICT and the first copy stands', async (t) => {
  t.same(kinds(run(open(3), { type: 'slice', slice: slice(1, 'other'), storedHash: 'hash-1' }).effects), [
    'refuse SLICE_CONFLICT 1',
  ]);
  const onItsWay = run(
    open(),
    { type: 'slice', slice: slice(0) },
    { type: 'slice', slice: slice(0, 'other') },
  );
  t.same(kinds(onItsWay.effects), ['store 0', 'refuse SLICE_CONFLICT 0']);
});

t.test('pause and resume are marked once each, and late slices are still taken', async (t) => {
  const { state, effects } = run(
    open(1),
    { type: 'pause' },
    { type: 'pause' },
    { type: 'slice', slice: slice(1) },
    { type: 'stored' },
  );
  t.same(kinds(effects), ['mark', 'store 1', 'acknowledge 1', 'listen 1']);
  t.equal(state.phase, 'paused');
  t.equal(run(state, { type: 'resume' }).state.phase, 'recording');
  t.same(run(open(), { type: 'resume' }).effects, []);
});

t.test('a pause comes after the slices that are still on their way', async (t) => {
  const { effects } = run(open(3), { type: 'slice', slice: slice(3) }, { type: 'pause' });
  t.same(effects.at(-1), { type: 'mark', event: 'session.paused', after: 4 });
});

const order = { request: 'request-1', by: 'ana' };

t.test('finalize without slices is SESSION_EMPTY', async (t) => {
  const { state, effects } = run(open(), { type: 'finalize', order });
  t.same(kinds(effects), ['refuse SESSION_EMPTY']);
  t.equal(state.phase, 'recording');
});

t.test('[I1] finalize waits until the slices on their way are stored, and takes no new ones', async (t) => {
  const { state, effects } = run(
    open(2),
    { type: 'slice', slice: slice(2) },
    { type: 'finalize', order },
    { type: 'slice', slice: slice(3) },
    { type: 'stored' },
  );
  t.same(kinds(effects), [
    'store 2',
    'refuse SESSION_FINISHED 3',
    'acknowledge 2',
    'listen 2',
    'request-finish',
  ]);
  t.equal(state.phase, 'finishing');
});

t.test(
  '[F1] finalize twice is one request; after the end it shows the result, or asks again with a speaker count',
  async (t) => {
    const finishing = run(open(2), { type: 'finalize', order }, { type: 'finalize', order });
    t.same(kinds(finishing.effects), ['request-finish']);
    const finished = run(finishing.state, { type: 'finish-completed' });
    t.same(kinds(run(finished.state, { type: 'finalize', order }).effects), ['show-result']);
    const again = run(finished.state, { type: 'finalize', order: { ...order, numSpeakers: 2 } });
    t.same(kinds(again.effects), ['request-finish']);
    t.equal(run(again.state, { type: 'finish-not-requested' }).state.phase, 'finished');
  },
);

t.test('[F3] a failed finish can be asked for again', async (t) => {
  const failed = run(open(2), { type: 'finalize', order }, { type: 'finish-failed' });
  t.equal(failed.state.phase, 'failed');
  t.same(kinds(run(failed.state, { type: 'finalize', order }).effects), ['request-finish']);
});

t.test('[F1] a finish request that does not reach the disk was not made', async (t) => {
  const { state, effects } = run(
    open(2, 'paused'),
    { type: 'finalize', order },
    { type: 'finish-not-requested' },
  );
  t.same(kinds(effects), ['request-finish', 'refuse STORAGE_UNAVAILABLE']);
  t.same(state, open(2, 'paused'));
});

t.test('[I2] after the end a resent slice is still acknowledged, a new one refused', async (t) => {
  const finishing = run(open(2), { type: 'finalize', order }).state;
  t.same(kinds(run(finishing, { type: 'slice', slice: slice(1), storedHash: 'hash-1' }).effects), [
    'acknowledge 1',
  ]);
  t.same(kinds(run(finishing, { type: 'slice', slice: slice(2) }).effects), ['refuse SESSION_FINISHED 2']);
});
