/** One place in the pool: a worker that is started, watched, and started again with growing pauses when it fails. */
import { ConsecutiveBreaker, ExponentialBackoff, type IBackoff, noJitterGenerator } from 'cockatiel';
import type { Clock } from '../../clock.ts';
import { type EngineWorker, type WorkerFactory, WorkerFault } from './worker.ts';

/** Answers in a row that were no transcriptions, before the worker is replaced. */
const BAD_ANSWERS = 2;

export type SlotState = 'starting' | 'ready' | 'down';

export interface SlotOptions {
  factory: WorkerFactory;
  clock: Clock;
  /** The first and the longest pause before another start. */
  backoff: { initialMs: number; maxMs: number };
  onChange(): void;
  onFault(fault: { worker: string; kind: string; message: string }): void;
}

export class Slot {
  state: SlotState = 'starting';
  /** Whole per cent of its model, while it starts and where the system tells. */
  loadedPercent: number | undefined;
  speed: number | undefined;
  job: { seconds: number; startedAt: number } | undefined;
  worker: EngineWorker | undefined;

  readonly #options: SlotOptions;
  readonly #closing = new AbortController();
  readonly #breaker = new ConsecutiveBreaker(BAD_ANSWERS);
  // Half-open: it has come back and has not answered yet, so one failure of any kind opens the breaker again.
  #halfOpen = false;
  #backoff: IBackoff<unknown> | undefined;
  #cancelRestart = () => {};
  #starting: Promise<void> = Promise.resolve();

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.factory.name;
  }

  start(): void {
    this.#starting = this.#start();
  }

  async #start(): Promise<void> {
    let worker: EngineWorker;
    try {
      worker = await this.#options.factory.start(this.#closing.signal, (share) => this.#loaded(share));
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#goDown(asFault(error));
      return;
    }
    if (this.#closing.signal.aborted) return worker.stop();
    this.worker = worker;
    this.state = 'ready';
    this.#options.onChange();
    void worker.ended.then(() => {
      if (this.worker === worker) this.#goDown(new WorkerFault('unreachable', 'The worker has ended.'));
    });
  }

  #loaded(share: number): void {
    const percent = Math.floor(100 * share);
    if (percent === this.loadedPercent) return;
    this.loadedPercent = percent;
    this.#options.onChange();
  }

  succeeded(): void {
    this.#breaker.success();
    this.#halfOpen = false;
    this.#backoff = undefined;
  }

  /** A request to this worker failed by its fault. */
  failed(fault: WorkerFault, worker: EngineWorker): void {
    if (this.worker !== worker) return;
    const opens = this.#breaker.failure();
    if (fault.kind === 'bad-answer' && !this.#halfOpen && !opens) {
      this.#options.onFault({ worker: this.name, kind: fault.kind, message: fault.message });
    } else {
      this.#goDown(fault);
    }
  }

  #goDown(fault: WorkerFault): void {
    const { clock, backoff, onChange, onFault } = this.#options;
    const worker = this.worker;
    this.worker = undefined;
    this.state = 'down';
    this.loadedPercent = undefined;
    this.#breaker.success();
    this.#halfOpen = true;
    onFault({ worker: this.name, kind: fault.kind, message: fault.message });
    void worker?.stop();
    this.#backoff = (this.#backoff ?? exponential(backoff)).next(undefined);
    this.#cancelRestart = clock.after(this.#backoff.duration, () => {
      this.state = 'starting';
      this.start();
    });
    onChange();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cancelRestart();
    const worker = this.worker;
    this.worker = undefined;
    this.state = 'down';
    await worker?.stop();
    await this.#starting;
  }
}

function exponential({ initialMs, maxMs }: SlotOptions['backoff']): ExponentialBackoff<unknown> {
  // No jitter: the workers of one machine are few, and a crash is to be over at a predictable time.
  return new ExponentialBackoff({ initialDelay: initialMs, maxDelay: maxMs, generator: noJitterGenerator });
}

function asFault(error: unknown): WorkerFault {
  if (error instanceof WorkerFault) return error;
  return new WorkerFault('start', 'The worker could not be started.', { cause: error });
}
