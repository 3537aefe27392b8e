/**
 * Many workers as one engine. Live requests go first: a background one runs only when no live one waits, and is broken
 * off (and done again later) when a live one comes and every worker is busy. Keeping a worker free for live requests
 * instead would leave a machine with one worker without any background work, and others with one worker less.
 */
import { CodedError } from '../../../shared/errors.ts';
import type { EngineDescription } from '../../../shared/events.ts';
import { SAMPLE_RATE } from '../../audio/stream-decoder.ts';
import type { Clock } from '../../clock.ts';
import { createWaitingRoom } from '../../waiting-room.ts';
import type { Engine, Hypothesis, TranscriptionRequest } from '../engine.ts';
import { hearInTime } from './hear-in-time.ts';
import { createLiveRhythm } from './live-rhythm.ts';
import { type PoolState, poolState } from './pool-state.ts';
import { chooseWorker, expectedMs, movingSpeed } from './schedule.ts';
import { Slot, type SlotOptions } from './slot.ts';
import { type EngineWorker, type WorkerFactory, WorkerFault } from './worker.ts';

/** Broken off this often, a background request is let finish, so that it does finish on a busy day. */
const MOST_PREEMPTIONS = 5;

export interface PoolOptions {
  workers: readonly WorkerFactory[];
  clock: Clock;
  description: EngineDescription;
  /** Milliseconds after which a request counts as hung and its worker is killed. Default 10 s and 3 s per second of audio. */
  deadlineMs?: (seconds: number) => number;
  /** The pauses before a failed worker is started again: doubling from the first to the longest. */
  backoff?: SlotOptions['backoff'];
  onFault?: SlotOptions['onFault'];
}

interface Job {
  request: TranscriptionRequest;
  seconds: number;
  askedAt: number;
  resolve(hypothesis: Hypothesis): void;
  reject(error: unknown): void;
  /** Where it failed by the worker's fault. */
  failedAt: Set<Slot>;
  preemptions: number;
}

const defaultDeadlineMs = (seconds: number) => 10_000 + 3000 * seconds;

const PREEMPTED = Symbol('preempted');

const isBackground = (job: Job) => job.request.priority === 'background';
/** A glance is short, and what somebody is waiting to see. */
const rankOf = (job: Job) => (isBackground(job) ? 2 : job.request.preview ? 0 : 1);

export function createEnginePool(options: PoolOptions): Engine {
  return new EnginePool(options);
}

class EnginePool implements Engine {
  readonly description: EngineDescription;
  readonly #options: PoolOptions;
  readonly #slots: Slot[];
  readonly #listeners = new Set<() => void>();
  readonly #running = new Map<Slot, { job: Job; abort: AbortController }>();
  #waiting: Job[] = [];
  #state: PoolState = { state: 'starting' };
  #closed = false;
  readonly #rhythm = createLiveRhythm();
  #cancelLook: (() => void) | undefined;
  /** Until a worker is taken or becomes free. */
  readonly #nextChange = createWaitingRoom();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.description = options.description;
    this.#slots = options.workers.map(
      (factory) =>
        new Slot({
          factory,
          clock: options.clock,
          backoff: options.backoff ?? { initialMs: 250, maxMs: 30_000 },
          onChange: () => this.#changed(),
          onFault: (fault) => options.onFault?.(fault),
        }),
    );
    for (const slot of this.#slots) slot.start();
  }

  get workers(): number {
    return this.#slots.length;
  }

  get state(): Engine['state'] {
    return this.#state.state;
  }

  get loadedPercent(): number | undefined {
    return this.#state.loadedPercent;
  }

  onStateChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  transcribe(request: TranscriptionRequest): Promise<Hypothesis> {
    const { signal } = request;
    if (signal?.aborted) return Promise.reject(signal.reason);
    let withdraw = () => {};
    const answer = new Promise<Hypothesis>((resolve, reject) => {
      const seconds = request.audio.length / SAMPLE_RATE;
      const askedAt = this.#options.clock.now();
      const job: Job = { request, seconds, askedAt, resolve, reject, failedAt: new Set(), preemptions: 0 };
      withdraw = () => this.#withdraw(job);
      signal?.addEventListener('abort', withdraw);
      this.#waiting.push(job);
      this.#dispatch();
    });
    // A session's signal outlives its requests by hours.
    return answer.finally(() => signal?.removeEventListener('abort', withdraw));
  }

  async whenQuiet(milliseconds: number, signal: AbortSignal): Promise<void> {
    // What has just been received is asked for in a moment.
    let waitMs = 0;
    do {
      const look = () => this.#nextChange.release();
      const cancel = Number.isFinite(waitMs) ? this.#options.clock.after(waitMs, look) : () => {};
      await this.#nextChange.wait(signal).finally(cancel);
      waitMs = this.#closed ? 0 : this.#quietInMs(this.#ready, milliseconds);
    } while (waitMs > 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelLook?.();
    for (const { abort } of this.#running.values()) abort.abort(new CodedError('ENGINE_UNAVAILABLE'));
    await Promise.all(this.#slots.map((slot) => slot.close()));
    this.#dispatch();
  }

  #changed(): void {
    const before = this.#state;
    this.#state = poolState(this.#slots, before.state);
    if (this.#state.state !== before.state || this.#state.loadedPercent !== before.loadedPercent) {
      for (const listener of this.#listeners) listener();
    }
    this.#dispatch();
  }

  /** Gives every waiting request that can be done now to a worker, and refuses those that no worker can do. */
  #dispatch(): void {
    const ready = this.#closed ? [] : this.#ready;
    for (const job of this.#waiting.toSorted((a, b) => rankOf(a) - rankOf(b))) {
      const able = ready.filter((slot) => !job.failedAt.has(slot));
      if (able.length === 0) {
        this.#remove(job);
        job.reject(new CodedError('ENGINE_UNAVAILABLE'));
        continue;
      }
      const slot = chooseWorker(able, job.seconds, this.#options.clock.now());
      if (slot === undefined) continue;
      if (slot.job === undefined) {
        if (isBackground(job) && this.#mustWait(able, job)) continue;
        this.#remove(job);
        void this.#run(job, slot);
      } else if (!isBackground(job) && !able.some((other) => other.job === undefined)) {
        this.#preempt(able);
      }
    }
    this.#nextChange.release();
  }

  get #ready(): Slot[] {
    return this.#slots.filter((slot) => slot.state === 'ready');
  }

  #mustWait(able: readonly Slot[], job: Job): boolean {
    const free = able.find((slot) => slot.job === undefined);
    const waitMs = this.#quietInMs(able, expectedMs(free?.speed, job.seconds));
    if (waitMs === 0) return false;
    this.#cancelLook?.();
    this.#cancelLook = this.#options.clock.after(waitMs, () => this.#dispatch());
    return true;
  }

  /** The last free worker is the next slice's. Infinite: not before one of them is free. */
  #quietInMs(workers: readonly Slot[], durationMs: number): number {
    const free = workers.filter((slot) => slot.job === undefined).length;
    if (free > 1 || workers.length === 0) return 0;
    if (free === 0) return Number.POSITIVE_INFINITY;
    return this.#rhythm.waitMs(this.#options.clock.now(), durationMs);
  }

  #preempt(able: readonly Slot[]): void {
    const running = able.flatMap((slot) => this.#running.get(slot) ?? []);
    // One that is being broken off already makes room for this request as well as another would.
    if (running.some(({ abort }) => abort.signal.aborted)) return;
    running
      .find(({ job }) => isBackground(job) && job.preemptions < MOST_PREEMPTIONS)
      ?.abort.abort(PREEMPTED);
  }

  async #run(job: Job, slot: Slot): Promise<void> {
    const { clock, deadlineMs = defaultDeadlineMs } = this.#options;
    const worker = slot.worker as EngineWorker;
    const abort = new AbortController();
    const startedAt = clock.now();
    slot.job = { seconds: job.seconds, startedAt };
    this.#running.set(slot, { job, abort });
    try {
      const limits = { abort, deadlineMs: deadlineMs(job.seconds), clock };
      const hypothesis = await hearInTime(worker, job.request, limits);
      slot.speed = movingSpeed(slot.speed, job.seconds, clock.now() - startedAt);
      slot.succeeded();
      job.resolve(hypothesis);
    } catch (error) {
      this.#failed(job, slot, worker, error);
    } finally {
      slot.job = undefined;
      this.#running.delete(slot);
      if (!isBackground(job)) this.#rhythm.heard({ start: job.askedAt, end: clock.now() });
      this.#dispatch();
    }
  }

  #failed(job: Job, slot: Slot, worker: EngineWorker, reason: unknown): void {
    if (reason === PREEMPTED) {
      job.preemptions += 1;
      this.#waiting.unshift(job);
    } else if (reason instanceof WorkerFault) {
      slot.failed(reason, worker);
      job.failedAt.add(slot);
      // Tried once more elsewhere; a request that fails twice may be what kills them.
      if (job.failedAt.size < 2) this.#waiting.unshift(job);
      else job.reject(new CodedError('ENGINE_UNAVAILABLE', { cause: reason }));
    } else {
      job.reject(reason);
    }
  }

  /** The caller has given up. */
  #withdraw(job: Job): void {
    const reason = job.request.signal?.reason;
    for (const entry of this.#running.values()) if (entry.job === job) entry.abort.abort(reason);
    if (this.#remove(job)) job.reject(reason);
  }

  #remove(job: Job): boolean {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((other) => other !== job);
    return this.#waiting.length < before;
  }
}
