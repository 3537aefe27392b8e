/**
 * Many callers, one fsync: what arrives while a commit is under way goes into the next one together. Tasks are staged
 * and settled in the order they came; one that is refused while being staged does not touch the others.
 */
export interface GroupCommitOptions<Batch> {
  begin(): Batch;
  /** Resolves when all of the batch is on disk; rejects when none of it is. */
  commit(batch: Batch): Promise<void>;
  /** Tasks are staged without a pause, so a batch ends after this many of them or this weight. */
  limits: { tasks: number; weight: number };
}

export interface GroupCommit<Batch> {
  /** `stage` puts its part into the batch or throws and leaves it alone; `committed` runs before the promise resolves. */
  submit<Result>(task: {
    weight: number;
    stage(batch: Batch): Result;
    committed(result: Result): void;
  }): Promise<Result>;
  /** Resolves when everything submitted so far is settled. */
  drain(): Promise<void>;
}

interface Queued<Batch> {
  weight: number;
  stage(batch: Batch): void;
  settle(): void;
  reject(error: unknown): void;
}

export function createGroupCommit<Batch>({
  begin,
  commit,
  limits,
}: GroupCommitOptions<Batch>): GroupCommit<Batch> {
  let queue: Queued<Batch>[] = [];
  let running: Promise<void> | undefined;

  function take(): Queued<Batch>[] {
    let weight = 0;
    let count = 0;
    while (count < queue.length && count < limits.tasks) {
      weight += queue[count]!.weight;
      if (count > 0 && weight > limits.weight) break;
      count++;
    }
    const taken = queue.slice(0, count);
    queue = queue.slice(count);
    return taken;
  }

  function isStaged(task: Queued<Batch>, batch: Batch): boolean {
    try {
      task.stage(batch);
      return true;
    } catch (error) {
      task.reject(error);
      return false;
    }
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      // Those that come in the same turn of the event loop belong together.
      await new Promise(setImmediate);
      let tasks = take();
      try {
        const batch = begin();
        tasks = tasks.filter((task) => isStaged(task, batch));
        if (tasks.length > 0) await commit(batch);
      } catch (error) {
        for (const task of tasks) task.reject(error);
        continue;
      }
      for (const task of tasks) task.settle();
    }
    running = undefined;
  }

  return {
    submit: ({ weight, stage, committed }) =>
      new Promise((resolve, reject) => {
        let result: ReturnType<typeof stage>;
        queue.push({
          weight,
          stage(batch) {
            result = stage(batch);
          },
          settle() {
            committed(result);
            resolve(result);
          },
          reject,
        });
        running ??= run();
      }),
    async drain() {
      await running;
    },
  };
}
