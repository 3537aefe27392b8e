/** How a session stands, folded from its events; kept beside them in the same transaction. Pure. */
import type { NewEvent } from '../../shared/events.ts';
import type { StreamRecord } from './event-store.ts';

export type SessionState = Pick<StreamRecord, 'owner' | 'tenant' | 'slices' | 'state' | 'request'>;

export const initialState: SessionState = { owner: '', tenant: '', slices: 0, state: 'open', request: null };

/** What may still be noted about an erased session: who asked for it. */
export const auditTypes: ReadonlySet<string> = new Set(['session.read', 'session.exported', 'access.denied']);

/** Only the answer to the newest request ends the finishing; one that comes late to an older request changes nothing. */
export function evolve(state: SessionState, event: NewEvent): SessionState {
  switch (event.type) {
    case 'session.opened':
      return { ...state, owner: event.data.owner, tenant: event.data.tenant };
    case 'slice.received':
      return { ...state, slices: state.slices + 1 };
    case 'finish.requested':
      return { ...state, state: 'finishing', request: event.data.request };
    case 'finish.completed':
      return event.data.request === state.request ? { ...state, state: 'finished' } : state;
    case 'finish.failed':
      return event.data.final && event.data.request === state.request ? { ...state, state: 'failed' } : state;
    case 'session.erased':
      return { ...state, state: 'erased', request: null };
    default:
      return state;
  }
}
