/**
 * One session at work: performs the effects that `transition` decides, and tells the connected client how it stands.
 * Everything that is to last goes through the corpus; what is kept here can be built again from it.
 */
import { createHash } from 'node:crypto';
import { CodedError, type ErrorCode, errorKinds } from '../../shared/errors.ts';
import type { CorpusEvent, FinalResult, NewEvent } from '../../shared/events.ts';
import type { HelloMessage, ServerMessage, SliceMessage } from '../../shared/protocol.ts';
import type { Word } from '../../shared/transcript.ts';
import { runFinishJob } from '../finalize/finish-job.ts';
import { finishSession } from '../finalize/finish-session.ts';
import { decodeResult, encodeResult } from '../finalize/result-codec.ts';
import type { Attachment, Peer } from '../gateway/peer.ts';
import { type Following, follow } from './follow.ts';
import { coverageOf, extendHistory, type SessionHistory } from './history.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import type { SessionServices } from './services.ts';
import {
  type FinishOrder,
  nextSeq,
  type SessionEffect,
  type SessionInput,
  type SessionState,
  transition,
} from './transition.ts';

type Slice = { seq: number; audioHash: string; message: SliceMessage };
type Refuse = (code: ErrorCode, seq?: number) => void;
type Progress = Extract<ServerMessage, { type: 'progress' }>;

export interface LiveSession {
  readonly history: SessionHistory;
  readonly phase: SessionState['phase'];
  readonly progress: Progress | undefined;
  /** Seconds of speech not yet listened to. */
  readonly behind: number;
  /** Nobody is connected and nothing is under way: it may be put away and opened again from the corpus. */
  readonly quiet: boolean;
  /** @throws CodedError SESSION_BUSY when another client records here and the hello does not take over. */
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
  let attached: { peer: Peer; client: string | undefined; following: Following } | undefined;
  let progress: Progress | undefined;
  let tail: Word[] = [];
  let closed = false;
  let statusDue = false;
  let finishing: Promise<void> | undefined;

  const send = (message: ServerMessage) => attached?.peer.send(message);

  const unsubscribe = corpus.subscribe(id, (event) => {
    extendHistory(history, event);
    if (event.type === 'words.committed') metrics.wordsCommitted(event.data.words.length);
    tellStatus();
  });

  /** For what the session has to say itself: it waits out a disk that does not take it (rule I1). */
  const append = async (events: NewEvent[]): Promise<void> => {
    while (!closed) {
      try {
        await corpus.append(id, events);
        return;
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'STORAGE_UNAVAILABLE') throw error;
        await new Promise<void>((resolve) => clock.after(STORAGE_RETRY_MS, resolve));
      }
    }
    throw new CodedError('SHUTTING_DOWN');
  };

  const pipelineOptions = {
    services,
    history,
    append,
    onTail(words: Word[]) {
      tail = words;
      send({ type: 'tail', words });
    },
    onDegraded(code: ErrorCode, seq: number) {
      metrics.sliceDegraded();
      send(errorMessage(code, seq));
    },
    onStatus: () => tellStatus(),
  };
  let pipeline: Pipeline | undefined =
    history.finish?.outcome === 'completed' ? undefined : createPipeline(pipelineOptions);

  const statusNow = (): ServerMessage => {
    const waiting = 'intake' in state ? [...state.intake.storing, ...state.intake.waiting] : [];
    return {
      type: 'status',
      phase: state.phase,
      engine: services.engine?.description ?? null,
      engineState: services.engine?.state ?? 'none',
      behind: pipeline?.behind ?? 0,
      coverage: coverageOf(
        history,
        0,
        waiting.reduce((sum, slice) => sum + slice.message.durationMs, 0),
      ),
    };
  };

  // Several events of one batch make one status.
  const tellStatus = () => {
    if (statusDue || attached === undefined) return;
    statusDue = true;
    setImmediate(() => {
      statusDue = false;
      if (!closed) send(statusNow());
    });
  };

  const handle = (input: SessionInput<Slice>, refuse?: Refuse) => {
    const { state: next, effects } = transition(state, input);
    state = next;
    for (const effect of effects) perform(effect, refuse ?? ((code, seq) => send(errorMessage(code, seq))));
    tellStatus();
  };

  const perform = (effect: SessionEffect<Slice>, refuse: Refuse): void => {
    switch (effect.type) {
      case 'store': {
        const begun = clock.now();
        corpus.append(id, effect.slices.map(received)).then(
          () => {
            for (const { message } of effect.slices)
              metrics.sliceStored(message.data.length, (clock.now() - begun) / 1000);
            handle({ type: 'stored' });
          },
          (error) => {
            log.error({ session: id, err: error }, 'slices could not be stored');
            handle({ type: 'not-stored' });
          },
        );
        break;
      }
      case 'acknowledge':
        send({ type: 'ack', seq: effect.seq });
        break;
      case 'refuse':
        metrics.sliceRefused(effect.code);
        refuse(effect.code, effect.seq);
        break;
      case 'listen':
        for (const slice of effect.slices) {
          const stored = history.slices[slice.seq];
          if (stored !== undefined) pipeline?.take(stored, slice.message.data);
        }
        break;
      case 'mark':
        pipeline?.mark(effect.event);
        break;
      case 'request-finish':
        requestFinish(effect.order);
        break;
      case 'show-result':
        void showResult();
        break;
    }
  };

  const requestFinish = (order: FinishOrder) => {
    corpus.append(id, [{ type: 'finish.requested', data: order }]).then(runFinish, (error) => {
      log.error({ session: id, err: error }, 'the finish request could not be stored');
      handle({ type: 'finish-not-requested' });
    });
  };

  const runFinish = () => {
    const { finish } = history;
    if (finish === undefined || finish.outcome !== 'pending' || finishing !== undefined) return;
    const working = pipeline ?? createPipeline(pipelineOptions);
    pipeline = working;
    const begun = clock.now();
    report({ type: 'progress', stage: 'queued', ratio: 0 });
    finishing = runFinishJob({
      finish,
      clock,
      append: (event) => append([event]),
      attempt: () =>
        finishSession(working.finishParts(finish), (stage, ratio) =>
          report({ type: 'progress', stage, ratio }),
        ),
      encodeResult,
      onFailedTry: (error, attempt) =>
        log.error({ session: id, attempt, err: error }, 'a try at finishing failed'),
    })
      .then(
        (result) => {
          metrics.finished(result === undefined ? 'failed' : 'completed', (clock.now() - begun) / 1000);
          if (result === undefined) {
            handle({ type: 'finish-failed' });
            send(errorMessage('FINALIZE_FAILED'));
            return;
          }
          report({ type: 'progress', stage: 'done', ratio: 1 });
          handle({ type: 'finish-completed' });
        },
        (error) => {
          // The answer did not reach the disk: the request still stands there and the next start goes on with it.
          if (!closed) log.error({ session: id, err: error }, 'finishing was interrupted');
        },
      )
      .finally(() => {
        finishing = undefined;
        progress = undefined;
        if (state.phase === 'finished') {
          pipeline?.close();
          pipeline = undefined;
        }
      });
  };

  const report = (message: Progress) => {
    progress = message;
    send(message);
  };

  const readResult = async (): Promise<FinalResult | undefined> => {
    if (history.completed === undefined) return undefined;
    return decodeResult(await corpus.blob(id, history.completed.result));
  };

  const showResult = async () => {
    try {
      const result = await readResult();
      if (result !== undefined) send({ type: 'result', result });
    } catch (error) {
      log.error({ session: id, err: error }, 'the result could not be read');
      send(errorMessage('CORRUPT'));
    }
  };

  const publish = (event: CorpusEvent) => {
    if (audit.has(event.type)) return;
    send({ type: 'update', n: event.n, at: event.at, event: event.type, data: event.data });
    if (event.type === 'finish.completed') void showResult();
  };

  const detach = (peer: Peer) => {
    if (attached?.peer !== peer) return;
    attached.following.stop();
    attached = undefined;
  };

  const receive = (peer: Peer, message: Parameters<Attachment['receive']>[0]) => {
    if (attached?.peer !== peer) return;
    switch (message.type) {
      case 'slice': {
        const refusal = sliceFault(message, services.sliceBytes);
        if (refusal !== undefined) return send(errorMessage(refusal, message.seq));
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
        const order = { request: services.newId(), by: peer.principal.subject };
        handle({ type: 'finalize', order: numSpeakers === undefined ? order : { ...order, numSpeakers } });
        break;
      }
      case 'consent': {
        const data = { by: peer.principal.subject, statement: message.statement };
        append([{ type: 'consent.recorded', data }]).catch((error) => {
          log.error({ session: id, err: error }, 'consent could not be stored');
          send(errorMessage('STORAGE_UNAVAILABLE'));
        });
        break;
      }
    }
  };

  return {
    history,
    get phase() {
      return state.phase;
    },
    get progress() {
      return progress;
    },
    get behind() {
      return pipeline?.behind ?? 0;
    },
    get quiet() {
      return (
        attached === undefined &&
        finishing === undefined &&
        !isStoring(state) &&
        (pipeline?.behind ?? 0) === 0
      );
    },
    attach(hello, peer) {
      if (attached !== undefined) {
        // The same page connecting again has lost its old connection, whether or not the server knows it yet.
        const samePage = hello.client !== undefined && hello.client === attached.client;
        if (!samePage && !hello.takeover) throw new CodedError('SESSION_BUSY');
        const old = attached.peer;
        detach(old);
        old.end('SESSION_TAKEN_OVER');
      }
      peer.send({
        type: 'welcome',
        version: 1,
        session: id,
        phase: state.phase,
        nextSeq: nextSeq(state),
        nextEpoch: (history.slices.at(-1)?.epoch ?? -1) + 1,
        window: services.window,
        sliceBytes: services.sliceBytes,
        engine: services.engine?.description ?? null,
      });
      const following = follow(corpus, id, hello.after ?? 0, publish);
      attached = { peer, client: hello.client, following };
      following.caughtUp.then(
        () => {
          if (tail.length > 0) send({ type: 'tail', words: tail });
          if (progress !== undefined) send(progress);
        },
        (error) => {
          log.error({ session: id, err: error }, 'the events could not be read');
          send(errorMessage('CORRUPT'));
        },
      );
      tellStatus();
      return { receive: (message) => receive(peer, message), detach: () => detach(peer) };
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
      attached?.following.stop();
      attached?.peer.end('SHUTTING_DOWN');
      attached = undefined;
      pipeline?.close();
    },
  };
}

/** The audit trail is for those who may read it, not for the page. */
const audit = new Set<CorpusEvent['type']>(['session.read', 'session.exported', 'access.denied']);

function stateOf(history: SessionHistory): SessionState<Slice> {
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

function isStoring(state: SessionState<Slice>): boolean {
  return 'intake' in state && state.intake.storing.length > 0;
}

function sliceFault(message: SliceMessage, sliceBytes: number): ErrorCode | undefined {
  if (message.data.length === 0) return 'SLICE_EMPTY';
  if (message.data.length > sliceBytes) return 'TOO_BIG';
  if (hashOf(message.data) !== message.sha256) return 'HASH_MISMATCH';
  return undefined;
}

function received({ message }: Slice): NewEvent {
  const { seq, epoch, mime, durationMs, capturedAt, data } = message;
  return {
    type: 'slice.received',
    data: { seq, epoch, mime, audioHash: message.sha256, bytes: data.length, durationMs, capturedAt },
    blob: data,
  };
}

function errorMessage(code: ErrorCode, seq?: number): ServerMessage {
  return {
    type: 'error',
    code,
    message: errorKinds[code].message,
    ...(seq === undefined ? {} : { seq }),
    fatal: false,
  };
}

function hashOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
