/** What the page shows, as signals; only the controller writes to them. */
import { computed, signal } from '@preact/signals';
import type { ErrorCode } from '../../shared/errors.ts';
import type { EngineDescription, FinalResult } from '../../shared/events.ts';
import { emptyTranscript } from '../../shared/fold.ts';
import type { ServerMessage, SessionPhase } from '../../shared/protocol.ts';
import type { Word } from '../../shared/transcript.ts';
import type { ConnectionState } from '../connection/state.ts';
import type { Consultation } from '../outbox/outbox.ts';
import type { Alarm } from '../recorder/recorder.ts';
import type { Access } from './access.ts';

type Progress = Extract<ServerMessage, { type: 'progress' }>;
type Status = Extract<ServerMessage, { type: 'status' }>;

/** Things to know about that do not stop anything. */
export type Notice = 'memory-only' | 'storage-tight' | 'storage-full' | 'server-storage' | 'nothing-recorded';

export interface PastSession {
  session: string;
  openedAt: string;
  phase: SessionPhase;
}

export function createModel() {
  const stage = signal<'loading' | 'locked' | 'ready' | 'live' | 'finishing' | 'finished'>('loading');
  const wanted = signal<Consultation['wanted']>('recording');
  const connection = signal<Pick<ConnectionState, 'status' | 'refusal' | 'queued' | 'unacked'>>({
    status: 'idle',
    queued: 0,
    unacked: 0,
  });
  return {
    stage,
    wanted,
    connection,
    access: signal<Access | undefined>(undefined),
    /** The ticket or token given last was not taken. */
    accessFailed: signal(false),
    session: signal<string | undefined>(undefined),
    /** Slices recorded and not yet known to be on the server's disk. */
    unsafe: computed(() => connection.value.queued - connection.value.unacked),
    recordedMs: signal(0),
    /** When the piece that is being recorded began, in milliseconds since 1970; undefined while paused. */
    recordingSince: signal<number | undefined>(undefined),
    transcript: signal(emptyTranscript),
    tail: signal<readonly Word[]>([]),
    status: signal<Status | undefined>(undefined),
    /** Undefined until the server has said which it is. */
    engine: signal<EngineDescription | null | undefined>(undefined),
    progress: signal<Progress | undefined>(undefined),
    result: signal<FinalResult | undefined>(undefined),
    alarms: signal<ReadonlySet<Alarm>>(new Set()),
    notices: signal<ReadonlySet<Notice>>(new Set()),
    refusal: computed((): ErrorCode | undefined => connection.value.refusal),
    /** Another tab of this browser records this consultation. */
    elsewhere: signal<Consultation | undefined>(undefined),
    /** Consultations that a closed or crashed page has left. */
    interrupted: signal<readonly Consultation[]>([]),
    past: signal<readonly PastSession[]>([]),
    level: signal<() => number>(() => 0),
  };
}
export type Model = ReturnType<typeof createModel>;
