import t from 'tap';
import type { NewEvent } from '../../shared/events.ts';
import { evolve, initialState } from './session-state.ts';
import { opened, slice } from './testing.ts';

const requested = (request: string): NewEvent => ({ type: 'finish.requested', data: { request, by: 'x' } });
const completed = (request: string): NewEvent => ({
  type: 'finish.completed',
  data: { request, warnings: [], speakers: 1, words: 1 },
});
const failed = (request: string, final: boolean): NewEvent => ({
  type: 'finish.failed',
  data: { request, attempt: 1, code: 'FINALIZE_FAILED', reason: 'x', final },
});
const erased: NewEvent = { type: 'session.erased', data: { by: 'x', reason: 'y' } };

for (const [what, events, state] of [
  ['opened', [], 'open'],
  ['asked to finish', [requested('1')], 'finishing'],
  ['answered', [requested('1'), completed('1')], 'finished'],
  ['one try failed', [requested('1'), failed('1', false)], 'finishing'],
  ['the last try failed', [requested('1'), failed('1', true)], 'failed'],
  ['asked again after failing', [requested('1'), failed('1', true), requested('2')], 'finishing'],
  ['asked again after success', [requested('1'), completed('1'), requested('2')], 'finishing'],
  ['a late answer to an older request', [requested('1'), requested('2'), completed('1')], 'finishing'],
  ['a late failure of an older request', [requested('1'), requested('2'), failed('1', true)], 'finishing'],
  ['erased', [requested('1'), erased], 'erased'],
] as const) {
  t.test(`[F1] ${what}: ${state}`, async (t) => {
    const all: NewEvent[] = [{ type: 'session.opened', data: opened }, ...events];
    t.match(all.reduce(evolve, initialState), { state, owner: opened.owner, tenant: opened.tenant });
  });
}

t.test('slices are counted', async (t) => {
  t.equal([slice(0), slice(1)].reduce(evolve, initialState).slices, 2);
});
