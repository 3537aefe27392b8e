/** Time as a port, so that tests decide what time it is and nothing has to sleep. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `task` once after `milliseconds`; the function returned cancels it. */
  after(milliseconds: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, task) {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
};

export interface ManualClock extends Clock {
  /** Moves time on and runs what falls due, in order; resolves when the tasks' promises had a turn. */
  advance(milliseconds: number): Promise<void>;
}

export function createManualClock(start = 0): ManualClock {
  let time = start;
  let due: { at: number; task: () => void }[] = [];
  return {
    now: () => time,
    after(milliseconds, task) {
      const entry = { at: time + milliseconds, task };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    async advance(milliseconds) {
      const end = time + milliseconds;
      // What is under way may be about to ask for a timer.
      await new Promise(setImmediate);
      for (;;) {
        const next = due.filter((entry) => entry.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        due = due.filter((entry) => entry !== next);
        time = next.at;
        next.task();
        await new Promise(setImmediate);
      }
      time = end;
      await new Promise(setImmediate);
    },
  };
}
