import t from 'tap';
import { createManualClock } from '../../server/clock.ts';
import type { EpochOptions } from './epoch.ts';
import type { Microphone, MicrophoneEvents } from './microphone.ts';
import { type Alarm, createRecorder, watch } from './recorder.ts';

const piece = { data: Uint8Array.of(1), mime: 'audio/webm', durationMs: 3000, capturedAt: 0 };

function setUp({ refuse = [] as string[] } = {}) {
  const clock = createManualClock();
  const epochs: (Omit<EpochOptions, 'timeSlice' | 'mime'> & { stopped: boolean })[] = [];
  const microphones: { events: MicrophoneEvents; closed: boolean }[] = [];
  const pieces: number[] = [];
  let alarms: ReadonlySet<Alarm> = new Set();
  const recorder = createRecorder({
    after: clock.after,
    async openMicrophone(events): Promise<Microphone> {
      const name = refuse.shift();
      if (name !== undefined) throw new DOMException('', name);
      const microphone = { events, closed: false };
      microphones.push(microphone);
      const close = () => {
        microphone.closed = true;
      };
      return { stream: {} as MediaStream, label: '', level: () => 0, close };
    },
    async startEpoch(options) {
      const epoch = { ...options, stopped: false };
      epochs.push(epoch);
      return {
        async stop() {
          epoch.stopped = true;
          epoch.onPiece(piece);
        },
      };
    },
    onPiece: (_piece, epoch) => pieces.push(epoch),
    onAlarms(now) {
      alarms = now;
    },
  });
  return { clock, epochs, microphones, pieces, recorder, alarms: () => [...alarms] };
}

t.test('pausing switches the microphone off, and going on is a new epoch', async (t) => {
  const { recorder, epochs, microphones, pieces } = setUp();
  await recorder.start();
  epochs[0]?.onPiece(piece);
  await recorder.stop();
  t.ok(microphones[0]?.closed);
  t.same(pieces, [0, 0], 'the last partial piece is delivered');
  await recorder.start();
  epochs[1]?.onPiece(piece);
  t.same(pieces, [0, 0, 1]);
});

t.test('starting twice records once', async (t) => {
  const { recorder, epochs } = setUp();
  await Promise.all([recorder.start(), recorder.start()]);
  t.equal(epochs.length, 1);
});

t.test('no data for six seconds is an alarm, and the recorder is started again', async (t) => {
  const { recorder, epochs, alarms, clock } = setUp();
  await recorder.start();
  await clock.advance(watch.noData - 1);
  epochs[0]?.onPiece(piece);
  await clock.advance(watch.noData - 1);
  t.same(alarms(), [], 'each piece is good for six seconds');
  await clock.advance(1);
  t.same(alarms(), ['no-data']);
  await clock.advance(watch.restart);
  t.equal(epochs.length, 2);
  epochs[1]?.onPiece(piece);
  t.same(alarms(), []);
});

t.test('a lost microphone is an alarm until it is back', async (t) => {
  const { recorder, epochs, microphones, alarms, clock } = setUp();
  await recorder.start();
  microphones[0]?.events.ended();
  t.same(alarms(), ['microphone-lost']);
  await clock.advance(watch.restart);
  t.same(alarms(), []);
  t.equal(epochs.length, 2);
  t.ok(microphones[0]?.closed);
});

t.test('a muted microphone is an alarm while it is muted', async (t) => {
  const { recorder, microphones, alarms } = setUp();
  await recorder.start();
  microphones[0]?.events.muted(true);
  t.same(alarms(), ['microphone-muted']);
  microphones[0]?.events.muted(false);
  t.same(alarms(), []);
});

t.test('a refused microphone waits for a person, a missing one for itself', async (t) => {
  const refused = setUp({ refuse: ['NotAllowedError'] });
  await refused.recorder.start();
  t.same(refused.alarms(), ['microphone-refused']);
  await refused.clock.advance(60_000);
  t.equal(refused.epochs.length, 0);
  await refused.recorder.start();
  t.same(refused.alarms(), []);

  const missing = setUp({ refuse: ['NotFoundError', 'NotFoundError'] });
  await missing.recorder.start();
  t.same(missing.alarms(), ['microphone-missing']);
  await missing.clock.advance(watch.restart * 2);
  t.same(missing.alarms(), []);
  t.equal(missing.epochs.length, 1);
});

t.test('a recorder that fails is started again', async (t) => {
  const { recorder, epochs, clock } = setUp();
  await recorder.start();
  epochs[0]?.onFailure();
  await clock.advance(watch.restart);
  t.equal(epochs.length, 2);
  await recorder.stop();
  epochs[1]?.onFailure();
});
