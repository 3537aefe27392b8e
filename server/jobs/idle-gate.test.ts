import t from 'tap';
import { createManualClock } from '../clock.ts';
import { readCpuTimes } from './cpu-times.ts';
import { createIdleGate } from './idle-gate.ts';

/** A machine whose share of idle time the test sets; one unit of CPU time a millisecond. */
function machine(threshold = 50) {
  const clock = createManualClock();
  const cpu = { idle: 0, total: 0 };
  let idleShare = 0;
  const gate = createIdleGate({
    clock,
    threshold,
    windowSeconds: 10,
    readCpuTimes: () => {
      const passed = clock.now() - cpu.total;
      cpu.total += passed;
      cpu.idle += passed * idleShare;
      return { ...cpu };
    },
  });
  return {
    gate,
    async run(seconds: number, share: number) {
      idleShare = share;
      await clock.advance(seconds * 1000);
    },
  };
}

t.test('[F2] background work waits until the CPU was idle over the window', async (t) => {
  const { gate, run } = machine();
  await run(20, 0.1);
  let passed = false;
  const wait = gate.whenIdle().then(() => {
    passed = true;
  });
  await run(3, 1);
  t.equal(passed, false, 'three idle seconds of ten are not enough');
  await run(5, 1);
  await wait;
  t.equal(passed, true);
});

t.test('[F2] it is checked anew each time', async (t) => {
  const { gate, run } = machine();
  await run(20, 1);
  await gate.whenIdle();
  t.equal(Math.round(gate.idlePercent ?? -1), 100);
  await run(20, 0);
  t.equal(Math.round(gate.idlePercent ?? -1), 0);
  const abort = new AbortController();
  const wait = gate.whenIdle(abort.signal);
  abort.abort(new Error('closed'));
  await t.rejects(wait, { message: 'closed' });
  gate.close();
});

t.test('this machine tells its CPU times', async (t) => {
  const times = readCpuTimes();
  t.ok(times.total > times.idle && times.idle > 0);
});
