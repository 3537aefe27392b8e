/** Ties microphone, outbox, connection and page together for one consultation at a time. */
import { emptyTranscript, foldTranscript } from '../../shared/fold.ts';
import { limits, type ServerMessage } from '../../shared/protocol.ts';
import {
  type Connection,
  createConnection,
  type RecordedSlice,
  type Socket,
} from '../connection/connection.ts';
import { storageIsTight } from '../outbox/open.ts';
import type { Consultation, Outbox } from '../outbox/outbox.ts';
import { createRecorder, type Recorder, type RecorderOptions } from '../recorder/recorder.ts';
import { readResult, requestFinish } from './api.ts';
import { createIntake, type Intake, recover } from './intake.ts';
import type { Model, Notice } from './model.ts';
import { type Ownership, own } from './ownership.ts';

export interface ControllerOptions {
  model: Model;
  outbox: Outbox;
  openSocket(): Socket;
  recording: Pick<RecorderOptions, 'openMicrophone' | 'startEpoch'>;
  newId(): string;
  /** Remembers for this tab which consultation is open, so that a reload goes on with it. */
  remember(consultation: string | undefined): void;
}

export interface Controller {
  begin(language: string, consent: string): Promise<void>;
  /** Goes on with what an earlier page has left, or (`takeOver`) with what another tab is recording. */
  resumeConsultation(consultation: Consultation, options?: { takeOver?: boolean }): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  finish(): Promise<void>;
  /** Asks for the finish again: after it has failed, or with the number of speakers. */
  finishAgain(numSpeakers?: number): Promise<void>;
  takeOver(): void;
  tryMicrophoneAgain(): void;
  token(token: string): void;
  nudge(): void;
  /** Leaves a finished consultation, for a new one. */
  leave(): Promise<void>;
}

/** Pieces are cut to a quarter of what the server takes at most; 3 s of WAV are well below. */
const pieceBytes = limits.sliceBytes / 4;

interface Open {
  consultation: Consultation;
  connection: Connection;
  intake: Intake;
  recorder: Recorder;
  ownership: Ownership;
}

export function createController(options: ControllerOptions): Controller {
  const { model, outbox } = options;
  const after = (milliseconds: number, task: () => void) => {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  };
  let open: Open | undefined;
  let saving = Promise.resolve();
  // Pausing takes as long as the recorder's last piece; what is pressed meanwhile waits, so that order is kept.
  let turn = Promise.resolve();

  function notice(which: Notice, on: boolean): void {
    const notices = new Set(model.notices.value);
    if (on) notices.add(which);
    else notices.delete(which);
    model.notices.value = notices;
  }

  function amend(change: Partial<Consultation>): void {
    if (open === undefined) return;
    Object.assign(open.consultation, change);
    model.wanted.value = open.consultation.wanted;
    saving = outbox.save({ ...open.consultation }).catch(() => notice('storage-full', true));
  }

  async function enter(found: Consultation, takeOver: boolean): Promise<void> {
    const ownership = await own(found.id, { takeOver, onAsked: () => surrender(found.id) });
    if (ownership === 'elsewhere') {
      model.elsewhere.value = found;
      model.stage.value = 'ready';
      return;
    }
    // The tab that had it may have recorded more since.
    const stored = await outbox.consultations();
    const consultation = stored.find(({ id }) => id === found.id) ?? found;
    const counts = await recover(outbox, consultation.id, consultation.queued);
    const { id, session, language, offset, epochOffset, commands } = consultation;
    const firstEpoch = consultation.epochs;
    const intake = createIntake({
      outbox,
      consultation: id,
      queued: () => connection.state.queued,
      sliceBytes: () => Math.min(pieceBytes, connection.state.sliceBytes),
      onSlice: taken,
    });
    const connection = createConnection({
      openSocket: options.openSocket,
      now: Date.now,
      after,
      random: Math.random,
      load: intake.load,
      acknowledged: intake.acknowledged,
      deliver,
      changed: connectionChanged,
      initial: {
        ...{ token: model.access.value?.token ?? '', client: `page ${id}` },
        ...{ session, language, offset, epochOffset, commands, takeover: takeOver },
        ...{ ...counts, next: counts.unacked },
      },
    });
    const recorder = createRecorder({
      ...options.recording,
      after,
      onPiece: (piece, epoch) => intake.add(piece, firstEpoch + epoch),
      onAlarms(alarms) {
        model.alarms.value = alarms;
        // A muted microphone still records, if only silence; with any other alarm nothing is recorded.
        if ([...alarms].some((alarm) => alarm !== 'microphone-muted')) model.recordingSince.value = undefined;
      },
    });
    open = { consultation, connection, intake, recorder, ownership };
    options.remember(id);
    model.level.value = () => recorder.microphone?.level() ?? 0;
    model.elsewhere.value = undefined;
    model.transcript.value = emptyTranscript;
    model.tail.value = [];
    model.result.value = undefined;
    model.progress.value = undefined;
    model.session.value = session;
    model.recordedMs.value = consultation.recordedMs;
    model.stage.value = consultation.wanted === 'finishing' ? 'finishing' : 'live';
    notice('memory-only', !outbox.durable);
    amend({ queued: counts.queued });
    connectionChanged();
    connection.start();
    if (consultation.wanted === 'recording') await record();
  }

  function inTurn(action: () => Promise<void>): Promise<void> {
    turn = turn.then(action);
    return turn;
  }

  async function record(): Promise<void> {
    await open?.recorder.start();
    if (open?.recorder.microphone !== undefined) model.recordingSince.value = Date.now();
  }

  /** Switches the microphone off and waits until its last piece lies in the outbox. */
  async function silence(): Promise<void> {
    await open?.recorder.stop();
    await open?.intake.settled();
    model.recordingSince.value = undefined;
  }

  function taken(slice: RecordedSlice, stored: boolean): void {
    if (open === undefined) return;
    const { consultation, connection } = open;
    connection.recorded();
    const recordedMs = consultation.recordedMs + slice.durationMs;
    amend({ queued: connection.state.queued, epochs: slice.epoch + 1, recordedMs });
    model.recordedMs.value = recordedMs;
    if (consultation.wanted === 'recording' && model.alarms.value.size === 0) {
      model.recordingSince.value = slice.capturedAt + slice.durationMs;
    }
    notice('storage-full', !stored);
    void storageIsTight().then((tight) => notice('storage-tight', tight));
  }

  function connectionChanged(): void {
    if (open === undefined) return;
    const { consultation, connection } = open;
    const { status, refusal, queued, unacked, session, offset, epochOffset, commands } = connection.state;
    model.connection.value = { status, refusal, queued, unacked };
    if (
      consultation.session !== session ||
      consultation.offset !== offset ||
      consultation.epochOffset !== epochOffset ||
      consultation.commands !== commands
    ) {
      model.session.value = session;
      amend({ session, offset, epochOffset, commands });
    }
    // Another page records now; this one must not go on beside it.
    if (refusal === 'SESSION_TAKEN_OVER') void silence();
  }

  function deliver(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome':
        model.engine.value = message.engine;
        if (message.phase === 'finished') void showResult(message.session);
        break;
      case 'update':
        model.transcript.value = foldTranscript(model.transcript.value, message);
        if (message.event.startsWith('finish.')) finishing();
        break;
      case 'tail':
        model.tail.value = message.words;
        break;
      case 'status':
        model.status.value = message;
        model.engine.value = message.engine;
        notice('server-storage', false);
        break;
      case 'progress':
        model.progress.value = message;
        break;
      case 'result':
        model.result.value = message.result;
        model.stage.value = 'finished';
        break;
      case 'error':
        if (message.code === 'STORAGE_UNAVAILABLE') notice('server-storage', true);
        if (message.code === 'SESSION_EMPTY') {
          notice('nothing-recorded', true);
          void leave();
        }
        break;
    }
  }

  /** Finished by this page or by another one: what is asked for is the same from here on. */
  function finishing(): void {
    const { phase } = model.transcript.value;
    if (phase !== 'finishing' || model.stage.value !== 'live') return;
    model.stage.value = 'finishing';
    amend({ wanted: 'finishing' });
    void silence();
  }

  async function showResult(session: string): Promise<void> {
    const token = model.access.value?.token;
    const result = token === undefined ? undefined : await readResult(session, token);
    if (result === undefined || model.session.value !== session) return;
    model.result.value = result;
    model.stage.value = 'finished';
  }

  async function surrender(id: string): Promise<void> {
    const surrendered = open;
    if (surrendered?.consultation.id !== id) return;
    await silence();
    surrendered.connection.stop();
    open = undefined;
    options.remember(undefined);
    await saving;
    model.elsewhere.value = surrendered.consultation;
    model.stage.value = 'ready';
  }

  async function leave(): Promise<void> {
    const leaving = open;
    open = undefined;
    options.remember(undefined);
    model.stage.value = 'ready';
    model.session.value = undefined;
    model.connection.value = { status: 'idle', queued: 0, unacked: 0 };
    model.recordingSince.value = undefined;
    if (leaving === undefined) return;
    leaving.connection.stop();
    await leaving.recorder.stop();
    // What the server does not have yet stays, and is offered as an interrupted consultation.
    if (leaving.connection.state.unacked === leaving.connection.state.queued) {
      await outbox.remove(leaving.consultation.id);
    }
    leaving.ownership.release();
  }

  return {
    async begin(language, consent) {
      notice('nothing-recorded', false);
      const consultation: Consultation = {
        id: options.newId(),
        startedAt: Date.now(),
        language,
        wanted: 'recording',
        ...{ queued: 0, epochs: 0, offset: 0, epochOffset: 0, recordedMs: 0 },
        commands: [{ type: 'consent', statement: consent, position: 0 }],
      };
      await outbox.save(consultation).catch(() => {});
      await enter(consultation, false);
    },
    resumeConsultation: (consultation, { takeOver = false } = {}) => enter(consultation, takeOver),
    pause: () =>
      inTurn(async () => {
        amend({ wanted: 'paused' });
        await silence();
        open?.connection.command({ type: 'pause' });
      }),
    resume: () =>
      inTurn(async () => {
        amend({ wanted: 'recording' });
        open?.connection.command({ type: 'resume' });
        await record();
      }),
    finish: () =>
      inTurn(async () => {
        amend({ wanted: 'finishing' });
        model.stage.value = 'finishing';
        await silence();
        open?.connection.command({ type: 'finalize' });
      }),
    async finishAgain(numSpeakers) {
      const { session, access } = model;
      if (session.value === undefined || access.value === undefined) return;
      const asked = await requestFinish(session.value, access.value.token, numSpeakers);
      if (asked && model.stage.value === 'finished') {
        model.progress.value = undefined;
        model.stage.value = 'finishing';
      }
    },
    takeOver() {
      open?.connection.takeOver();
      if (open?.consultation.wanted === 'recording') void record();
    },
    tryMicrophoneAgain: () => void record(),
    token: (token) => open?.connection.token(token),
    nudge: () => open?.connection.nudge(),
    leave,
  };
}
