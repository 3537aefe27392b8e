/** What a pool says of itself, from what its places say. Pure. */
import type { Engine } from '../engine.ts';
import type { Slot } from './slot.ts';

export type PoolState = Pick<Engine, 'state' | 'loadedPercent'>;

/** `before`: a pool that has once been ready is not starting again, it is recovering. */
export function poolState(
  slots: readonly Pick<Slot, 'state' | 'loadedPercent'>[],
  before: Engine['state'],
): PoolState {
  if (slots.some((slot) => slot.state === 'ready')) return { state: 'ready' };
  const isStarting = before === 'starting' && slots.some((slot) => slot.state === 'starting');
  // Of the worker that will be ready first.
  const known = slots.flatMap((slot) => slot.loadedPercent ?? []);
  return {
    state: isStarting ? 'starting' : 'recovering',
    ...(known.length > 0 && { loadedPercent: Math.max(...known) }),
  };
}
