/**
 * One session at work: performs the effects that `transition` decides. Everything that is to last goes through the
 * corpus; what is kept here can be built again from it.
 */
import { CodedError, type ErrorCode, hasCode } from '../../shared/errors.ts';
import type { NewEvent } from '../../shared/events.ts';
import type { HelloMessage, ServerMessage } from '../../shared/protocol.ts';
import type { Word } from '../../shared/transcript.ts';
import { decodeResult } from '../finalize/result-codec.ts';
import type { Attachment, Peer } from '../gateway/peer.ts';
import { createAudience, nonFatalError } from './audience.ts';
import { createFinishing, type Progress } from './finishing.ts';
import { coverageOf, extendHistory, type SessionHistory } from './history.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { SessionServices } from './services.ts';
import { sliceFault, sliceReceived } from './slice-facts.ts';
import { onItsWay, onItsWayMs, type Slice, stateOf } from './state-of.ts';
import {
  type FinishOrder,
  nextSeq,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  transition,
} from './transition.ts';

type Refuse = (code: ErrorCode, seq?: number) => void;
type Mark = Extract<SessionEffect, { type: 'mark' }>;

export interface LiveSession {
  readonly history: SessionHistory;
  readonly progress: Progress | undefined;
  /** Seconds of speech not yet listened to. */
  readonly behind: number;
  /** Nobody is connected and nothing is under way: it may be put away and opened again from the corpus. */
  readonly quiet: boolean;
  /** @throws CodedError SESSION_BUSY, SESSION_TAKEN_OVER, as `Audience.admit`. */
  attach(hello: HelloMessage, peer: Peer): Attachment;
  /** The id of the request that stands: this one, or one made before. @throws CodedError SESSION_EMPTY */
  finalize(order: FinishOrder): string;
  /** Goes on with a finish that a stop of the server has interrupted. */
  resumeFinish(): void;
  close(): void;
}

/** How long a refused write waits before it is given to the disk again. */
const STORAGE_RETRY_MS = 1_000;

export function openLiveSession(services: SessionServices, history: SessionHistory): LiveSession {
  const { corpus, clock, log, metrics } = services;
  const id = history.session;
  let state: SessionState<Slice> = stateOf(history);
  let tail: Word[] = [];
  /** Pauses and resumptions whose slices are not all on disk yet, in order. */
  let marks: Mark[] = [];
  /** What is stored does not verify: nothing can be added any more, and every client is told. */
  let corrupt = false;
  let closed = false;

  const unsubscribe = corpus.subscribe(id, (event) => {
    extendHistory(history, event);
    if (event.type === 'words.committed') metrics.wordsCommitted(event.data.words.length);
    audience.statusChanged();
  });

  /** For what the session has to say itself: it waits out a disk that does not take it (rule I1). */
  const append = async (events: NewEvent[]): Promise<void> => {
    while (!closed) {
      try {
        await corpus.append(id, events);
        return;
      } catch (error) {
        if (hasCode(error, 'CORRUPT')) noteCorrupt();
        if (!hasCode(error, 'STORAGE_UNAVAILABLE')) throw error;
        await new Promise<void>((resolve) => clock.after(STORAGE_RETRY_MS, resolve));
      }
    }
    throw new CodedError('SHUTTING_DOWN');
  };

  const audience = createAudience({
    corpus,
    session: id,
    welcome: () => ({
      type: 'welcome',
      version: 1,
      session: id,
      phase: state.phase,
      nextSeq: nextSeq(state),
      nextEpoch: (history.slices.at(-1)?.epoch ?? -1) + 1,
      window: services.window,
      sliceBytes: services.sliceBytes,
      engine: services.engine?.description ?? null,
    }),
    status: () => ({
      type: 'status',
      phase: state.phase,
      engine: services.engine?.description ?? null,
      engineState: services.engine?.state ?? 'none',
      engineLoadedPercent: services.engine?.loadedPercent,
      behind: pipeline?.behind ?? 0,
      coverage: coverageOf(history, 0, onItsWayMs(state)),
    }),
    standing: () => [
      ...(corrupt ? [nonFatalError('CORRUPT')] : []),
      ...(tail.length > 0 ? [{ type: 'tail', words: tail } satisfies ServerMessage] : []),
      ...(finishing.progress === undefined ? [] : [finishing.progress]),
    ],
    onTold(event) {
      if (event.type === 'finish.completed') void showResult();
    },
    onError: (error) => log.error({ session: id, err: error }, 'the events could not be read'),
  });

  const openPipeline = (): Pipeline =>
    createPipeline({
      services,
      history,
      append,
      onTail(words) {
        tail = words;
        audience.send({ type: 'tail', words });
      },
      onDegraded(code, seq) {
        metrics.sliceDegraded();
        audience.sendError(code, seq);
      },
      onStatus: audience.statusChanged,
      onCorrupt: noteCorrupt,
    });
  let pipeline = history.finish?.outcome === 'completed' ? undefined : openPipeline();

  const finishing = createFinishing({
    services,
    session: id,
    append,
    onProgress: audience.send,
    onEnd(result) {
      handle({ type: result === undefined ? 'finish-failed' : 'finish-completed' });
      if (result === undefined) return audience.sendError('FINALIZE_FAILED');
      pipeline?.close();
      pipeline = undefined;
    },
  });

  function noteCorrupt(): void {
    if (corrupt) return;
    corrupt = true;
    pipeline?.close();
    pipeline = undefined;
    audience.sendError('CORRUPT');
  }

  /** Sending once more to what is damaged would not help, so it is not called a disk that may recover. */
  const handleNotStored = (error: unknown, input: SessionInput<Slice>) => {
    if (hasCode(error, 'CORRUPT')) noteCorrupt();
    handle(input, (code, seq) => audience.sendError(corrupt ? 'CORRUPT' : code, seq));
  };

  const placeMarks = (stored: number) => {
    for (const { event } of marks.filter(({ after }) => after <= stored)) pipeline?.mark(event);
    marks = marks.filter(({ after }) => after > stored);
  };

  const handle = (input: SessionInput<Slice>, refuse: Refuse = audience.sendError) => {
    const { state: next, effects } = transition(state, input);
    state = next;
    for (const effect of effects) perform(effect, refuse);
    audience.statusChanged();
  };

  const perform = (effect: SessionEffect<Slice>, refuse: Refuse): void => {
    switch (effect.type) {
      case 'store':
        store(effect.slices);
        break;
      case 'acknowledge':
        audience.send({ type: 'ack', seq: effect.seq });
        break;
      case 'refuse':
        metrics.sliceRefused(effect.code);
        refuse(effect.code, effect.seq);
        break;
      case 'listen':
        for (const { seq, message } of effect.slices) {
          const stored = history.slices[seq];
          if (stored !== undefined) pipeline?.take(stored, message.data);
          placeMarks(seq + 1);
        }
        break;
      case 'mark':
        marks.push(effect);
        placeMarks('intake' in state ? state.intake.stored : state.stored);
        break;
      case 'request-finish':
        requestFinish(effect.order);
        break;
      case 'show-result':
        void showResult();
        break;
    }
  };

  const store = (slices: readonly Slice[]) => {
    const begun = clock.now();
    const stored = corpus.append(
      id,
      slices.map(({ message }) => sliceReceived(message)),
    );
    stored.then(
      () => {
        const seconds = (clock.now() - begun) / 1000;
        for (const { message } of slices) metrics.sliceStored(message.data.length, seconds);
        handle({ type: 'stored' });
      },
      (error) => {
        log.error({ session: id, err: error }, 'slices could not be stored');
        handleNotStored(error, { type: 'not-stored' });
      },
    );
  };

  const requestFinish = (order: FinishOrder) => {
    corpus.append(id, [{ type: 'finish.requested', data: order }]).then(runFinish, (error) => {
      log.error({ session: id, err: error }, 'the finish request could not be stored');
      handleNotStored(error, { type: 'finish-not-requested' });
    });
  };

  const runFinish = () => {
    const { finish } = history;
    if (closed || corrupt || finish === undefined || finish.outcome !== 'pending') return;
    pipeline ??= openPipeline();
    finishing.begin(finish, pipeline.finishParts(finish));
  };

  const showResult = async () => {
    try {
      if (history.completed === undefined) return;
      const { request, result: address } = history.completed;
      const made = finishing.result?.request === request ? finishing.result : undefined;
      audience.send({ type: 'result', result: made ?? decodeResult(await corpus.blob(id, address)) });
    } catch (error) {
      log.error({ session: id, err: error }, 'the result could not be read');
      audience.sendError('CORRUPT');
    }
  };

  const receive = (peer: Peer, message: Parameters<Attachment['receive']>[0]) => {
    if (!audience.holds(peer)) return;
    const by = peer.principal.subject;
    switch (message.type) {
      case 'slice': {
        const awaitsConsent = services.consentRequired && !history.consented;
        const fault = awaitsConsent ? 'CONSENT_REQUIRED' : sliceFault(message, services.sliceBytes);
        if (fault !== undefined) return audience.sendError(fault, message.seq);
        const slice = { seq: message.seq, audioHash: message.sha256, message };
        const storedHash = history.slices[message.seq]?.audioHash;
        handle({ type: 'slice', slice, ...(storedHash === undefined ? {} : { storedHash }) });
        break;
      }
      case 'pause':
      case 'resume':
        handle({ type: message.type });
        break;
      case 'finalize': {
        const { numSpeakers } = message;
        const order = { request: services.newId(), by };
        handle({ type: 'finalize', order: numSpeakers === undefined ? order : { ...order, numSpeakers } });
        break;
      }
      case 'consent':
        append([{ type: 'consent.recorded', data: { by, statement: message.statement } }]).catch((error) => {
          log.error({ session: id, err: error }, 'consent could not be stored');
          audience.sendError(corrupt ? 'CORRUPT' : 'STORAGE_UNAVAILABLE');
        });
        break;
    }
  };

  return {
    history,
    get progress() {
      return finishing.progress;
    },
    get behind() {
      return pipeline?.behind ?? 0;
    },
    get quiet() {
      const busy = finishing.progress !== undefined || onItsWay(state).length > 0;
      return !audience.present && !busy && (pipeline?.behind ?? 0) === 0;
    },
    attach(hello, peer) {
      audience.admit(hello, peer);
      return { receive: (message) => receive(peer, message), detach: () => audience.leave(peer) };
    },
    finalize(order) {
      const standing = 'intake' in state ? undefined : history.finish?.request;
      const before = state;
      let refused: CodedError | undefined;
      handle({ type: 'finalize', order }, (code) => {
        refused = new CodedError(code);
      });
      if (refused !== undefined) throw refused;
      return state === before && standing !== undefined ? standing : order.request;
    },
    resumeFinish: runFinish,
    close() {
      closed = true;
      unsubscribe();
      audience.close();
      pipeline?.close();
    },
  };
}
