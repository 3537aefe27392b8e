/**
 * What a session does with what reaches it: `transition(state, input)` gives the next state and the effects that the
 * runner is to perform. Pure, so that the order of slices, duplicates, gaps and the end are settled by tables.
 *
 * At most one batch of slices is on its way to the disk at a time; what arrives meanwhile waits and goes as the next
 * batch. So a failed write can be rolled back without a later slice having overtaken it.
 */
import type { ErrorCode } from '../../shared/errors.ts';

/** A slice as the intake sees it; its bytes stay with the runner. */
export interface SliceFacts {
  seq: number;
  audioHash: string;
}

export interface Intake<Slice extends SliceFacts> {
  /** The number of slices on disk, which is also the number of the next one to be stored. */
  stored: number;
  storing: readonly Slice[];
  waiting: readonly Slice[];
}

/** What the clinician or a program asked for when ending the session. */
export interface FinishOrder {
  /** The id that the request will have, if it is made. */
  request: string;
  by: string;
  numSpeakers?: number;
}

export type SessionState<Slice extends SliceFacts = SliceFacts> =
  | {
      phase: 'recording' | 'paused';
      intake: Intake<Slice>;
      /** Asked for while slices were still on their way to the disk; requested once they are there. */
      finish?: FinishOrder;
    }
  /** `before`: where the session stands again if the request does not reach the disk. */
  | { phase: 'finishing'; stored: number; before: 'recording' | 'paused' | 'finished' | 'failed' }
  | { phase: 'finished' | 'failed'; stored: number };

export type SessionInput<Slice extends SliceFacts = SliceFacts> =
  /** `storedHash`: what is on disk under this number, if anything is. */
  | { type: 'slice'; slice: Slice; storedHash?: string }
  | { type: 'stored' }
  | { type: 'not-stored' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'finalize'; order: FinishOrder }
  | { type: 'finish-not-requested' }
  | { type: 'finish-completed' }
  | { type: 'finish-failed' };

export type SessionEffect<Slice extends SliceFacts = SliceFacts> =
  | { type: 'store'; slices: readonly Slice[] }
  | { type: 'acknowledge'; seq: number }
  | { type: 'refuse'; code: ErrorCode; seq?: number }
  | { type: 'listen'; slices: readonly Slice[] }
  /** `after` slices of the session, some of which may still be on their way to the disk. */
  | { type: 'mark'; event: 'session.paused' | 'session.resumed'; after: number }
  | { type: 'request-finish'; order: FinishOrder }
  | { type: 'show-result' };

export interface Transition<Slice extends SliceFacts> {
  state: SessionState<Slice>;
  effects: SessionEffect<Slice>[];
}

type Open<Slice extends SliceFacts> = Extract<SessionState<Slice>, { intake: unknown }>;

const isOpen = <Slice extends SliceFacts>(state: SessionState<Slice>): state is Open<Slice> =>
  'intake' in state;

/** The next number this session takes; everything before it is stored or on its way. */
export function nextSeq<Slice extends SliceFacts>(state: SessionState<Slice>): number {
  return isOpen(state)
    ? state.intake.stored + state.intake.storing.length + state.intake.waiting.length
    : state.stored;
}

export function transition<Slice extends SliceFacts>(
  state: SessionState<Slice>,
  input: SessionInput<Slice>,
): Transition<Slice> {
  switch (input.type) {
    case 'slice':
      return takeSlice(state, input.slice, input.storedHash);
    case 'stored':
      return isOpen(state) ? afterStored(state) : same(state);
    case 'not-stored':
      return isOpen(state) ? afterNotStored(state) : same(state);
    case 'pause':
      return isOpen(state) && state.phase === 'recording' ? turn(state, 'paused') : same(state);
    case 'resume':
      return isOpen(state) && state.phase === 'paused' ? turn(state, 'recording') : same(state);
    case 'finalize':
      return finalize(state, input.order);
    case 'finish-not-requested':
      return state.phase === 'finishing' ? notRequested(state) : same(state);
    case 'finish-completed':
      return isOpen(state)
        ? same(state)
        : { state: { phase: 'finished', stored: state.stored }, effects: [] };
    case 'finish-failed':
      return isOpen(state) ? same(state) : { state: { phase: 'failed', stored: state.stored }, effects: [] };
  }
}

function turn<Slice extends SliceFacts>(
  state: Open<Slice>,
  phase: 'recording' | 'paused',
): Transition<Slice> {
  const event = phase === 'paused' ? 'session.paused' : 'session.resumed';
  return { state: { ...state, phase }, effects: [{ type: 'mark', event, after: nextSeq(state) }] };
}

function takeSlice<Slice extends SliceFacts>(
  state: SessionState<Slice>,
  slice: Slice,
  storedHash: string | undefined,
): Transition<Slice> {
  const { seq } = slice;
  const expected = nextSeq(state);
  if (seq < expected) {
    const onItsWay = isOpen(state) ? [...state.intake.storing, ...state.intake.waiting] : [];
    const first = onItsWay.find((other) => other.seq === seq)?.audioHash ?? storedHash;
    if (first !== slice.audioHash) return refuse(state, 'SLICE_CONFLICT', seq);
    // A copy of one that is still on its way is answered by the acknowledgement that is to come.
    const stored = isOpen(state) ? state.intake.stored : state.stored;
    return seq < stored ? { state, effects: [{ type: 'acknowledge', seq: stored - 1 }] } : same(state);
  }
  if (!isOpen(state) || state.finish !== undefined) return refuse(state, 'SESSION_FINISHED', seq);
  if (seq > expected) return refuse(state, 'EXPECTED_SEQ', expected);
  const intake = state.intake;
  if (intake.storing.length > 0) {
    return { state: { ...state, intake: { ...intake, waiting: [...intake.waiting, slice] } }, effects: [] };
  }
  return {
    state: { ...state, intake: { ...intake, storing: [slice] } },
    effects: [{ type: 'store', slices: [slice] }],
  };
}

function afterStored<Slice extends SliceFacts>(state: Open<Slice>): Transition<Slice> {
  const { storing, waiting } = state.intake;
  const stored = state.intake.stored + storing.length;
  const effects: SessionEffect<Slice>[] = [
    { type: 'acknowledge', seq: stored - 1 },
    { type: 'listen', slices: storing },
  ];
  if (waiting.length > 0) effects.push({ type: 'store', slices: waiting });
  const next: Open<Slice> = { ...state, intake: { stored, storing: waiting, waiting: [] } };
  if (waiting.length === 0 && state.finish !== undefined) {
    effects.push({ type: 'request-finish', order: state.finish });
    return { state: { phase: 'finishing', stored, before: state.phase }, effects };
  }
  return { state: next, effects };
}

function afterNotStored<Slice extends SliceFacts>(state: Open<Slice>): Transition<Slice> {
  const { stored } = state.intake;
  const { finish: _, ...rest } = state;
  return {
    state: { ...rest, intake: { stored, storing: [], waiting: [] } },
    effects: [{ type: 'refuse', code: 'STORAGE_UNAVAILABLE', seq: stored }],
  };
}

function finalize<Slice extends SliceFacts>(
  state: SessionState<Slice>,
  order: FinishOrder,
): Transition<Slice> {
  if (!isOpen(state)) {
    // Asked twice is asked once; another count of speakers, or a failure before, is a new request.
    if (state.phase === 'finishing') return same(state);
    if (state.phase === 'finished' && order.numSpeakers === undefined) {
      return { state, effects: [{ type: 'show-result' }] };
    }
    return requestFinish(state.stored, state.phase, order);
  }
  if (nextSeq(state) === 0) return refuse(state, 'SESSION_EMPTY');
  if (state.intake.storing.length > 0) return { state: { ...state, finish: order }, effects: [] };
  return requestFinish(state.intake.stored, state.phase, order);
}

type Finishing = Extract<SessionState, { phase: 'finishing' }>;

function requestFinish<Slice extends SliceFacts>(
  stored: number,
  before: Finishing['before'],
  order: FinishOrder,
): Transition<Slice> {
  return { state: { phase: 'finishing', stored, before }, effects: [{ type: 'request-finish', order }] };
}

/** The request did not reach the disk, so it was not made. */
function notRequested<Slice extends SliceFacts>({ stored, before }: Finishing): Transition<Slice> {
  const state: SessionState<Slice> =
    before === 'finished' || before === 'failed'
      ? { phase: before, stored }
      : { phase: before, intake: { stored, storing: [], waiting: [] } };
  return { state, effects: [{ type: 'refuse', code: 'STORAGE_UNAVAILABLE' }] };
}

function refuse<Slice extends SliceFacts>(
  state: SessionState<Slice>,
  code: ErrorCode,
  seq?: number,
): Transition<Slice> {
  return { state, effects: [{ type: 'refuse', code, ...(seq === undefined ? {} : { seq }) }] };
}

function same<Slice extends SliceFacts>(state: SessionState<Slice>): Transition<Slice> {
  return { state, effects: [] };
}
