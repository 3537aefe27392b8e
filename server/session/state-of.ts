/** Where a session stands: by its events when it is opened, and what of it is not on disk yet. */
import type { SliceMessage } from '../../shared/protocol.ts';
import type { SessionHistory } from './history.ts';
import type { SessionState } from './transition.ts';

export interface Slice {
  seq: number;
  audioHash: string;
  message: SliceMessage;
}

export function stateOf(history: SessionHistory): SessionState<Slice> {
  const stored = history.slices.length;
  switch (history.finish?.outcome) {
    case 'pending':
      return {
        phase: 'finishing',
        stored,
        before: history.completed === undefined ? 'recording' : 'finished',
      };
    case 'completed':
      return { phase: 'finished', stored };
    case 'failed':
      return { phase: 'failed', stored };
    default:
      return { phase: history.paused ? 'paused' : 'recording', intake: { stored, storing: [], waiting: [] } };
  }
}

/** Slices that have arrived and are not on disk yet. */
export function onItsWay(state: SessionState<Slice>): readonly Slice[] {
  return 'intake' in state ? [...state.intake.storing, ...state.intake.waiting] : [];
}

export function onItsWayMs(state: SessionState<Slice>): number {
  return onItsWay(state).reduce((sum, { message }) => sum + message.durationMs, 0);
}
