import t from 'tap';
import type { FinalResult, NewEvent } from '../../shared/events.ts';
import { createManualClock } from '../clock.ts';
import { runFinishJob } from './finish-job.ts';
import { decodeResult, encodeResult } from './result-codec.ts';

const result: FinalResult = {
  session: 'session-1',
  request: 'request-1',
  duration: 3,
  language: 'es',
  segments: [],
  speakers: [],
  turns: [],
  sliceSpeakers: [],
  transcription: { engine: null, pass: 'none' },
  diarization: { method: 'none' },
  audio: { sha256: 'sha256:0', bytes: 44, sampleRate: 16000 },
  coverage: { received: 3, stored: 3, decoded: 3, transcribed: 0, labelled: 0 },
  warnings: [{ code: 'TEXT_OWED', message: 'no text' }],
};

function job(attempts: number, tries: (() => Promise<FinalResult>)[]) {
  const clock = createManualClock();
  const appended: NewEvent[] = [];
  const begun: number[] = [];
  const running = runFinishJob({
    finish: { request: 'request-1', by: 'ana', attempts, outcome: 'pending' },
    clock,
    append: async (event) => {
      appended.push(event);
    },
    attempt: () => {
      begun.push(clock.now());
      const next = tries.shift();
      return next === undefined ? Promise.reject(new Error('one try too many')) : next();
    },
    encodeResult,
    onFailedTry: () => {},
  });
  return { clock, appended, begun, running };
}

const succeed = async () => result;
const fail = async () => {
  throw new Error('no engine');
};

t.test('[F1] a try that succeeds is answered with its result as a blob', async (t) => {
  const { running, appended } = job(0, [succeed]);
  t.same(await running, result);
  t.same(
    appended.map(({ type }) => type),
    ['finish.started', 'finish.completed'],
  );
  t.same(decodeResult(appended[1]?.blob ?? new Uint8Array(0)), result);
});

t.test('[F1] it is tried three times with growing pauses, then it has failed for good', async (t) => {
  const { running, appended, begun, clock } = job(0, [fail, fail, fail, succeed]);
  await clock.advance(60_000);
  t.equal(await running, undefined);
  t.same(begun, [0, 2_000, 10_000]);
  t.same(
    appended.map((event) => (event.type === 'finish.failed' ? `failed ${event.data.final}` : event.type)),
    ['finish.started', 'failed false', 'finish.started', 'failed false', 'finish.started', 'failed true'],
  );
});

t.test(
  '[F1] tries that a crash cut short count, so a finish that crashes the server does not do so for ever',
  async (t) => {
    const second = job(1, [succeed]);
    t.ok(await second.running);
    t.match(second.appended[0], { data: { attempt: 2 } });
    const fourth = job(3, [succeed]);
    t.equal(await fourth.running, undefined);
    t.match(fourth.appended, [{ type: 'finish.failed', data: { final: true } }]);
    t.equal(fourth.begun.length, 0);
  },
);
