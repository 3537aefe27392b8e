/**
 * Whatever happens to the engine, seen from the page: its slices are acknowledged, it is told how the engine stands, and
 * the text catches up. A real server, socket and corpus; the engine is the tone recogniser behind HTTP, or a process.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type ServerFault, startToneServer } from '../fixtures/engines/tone-engine.ts';
import { TONE_MODEL, writeToneProgram } from '../fixtures/engines/tone-model.ts';
import { randomToneWords, renderToneSpeech } from '../fixtures/engines/tone-speech.ts';
import { seededRandom } from '../fixtures/engines/tone-vocabulary.ts';
import { cut, sliceOf } from '../scripts/bench/slices.ts';
import { type RecordedSlice, startRecording } from '../scripts/client/node-client.ts';
import { clinician, createDataDirectory, startRealServer } from '../scripts/testing/real-server.ts';
import type { EventData } from '../shared/events.ts';
import type { ServerMessage } from '../shared/protocol.ts';
import { textOf } from '../shared/transcript.ts';
import { concatSamples } from './audio/pcm.ts';
import { systemClock } from './clock.ts';
import { createEngine, type EngineOptions } from './speech/engines/create-engine.ts';

process.on('unhandledRejection', (error) => t.fail('unhandled rejection', { error }));

const SECOND = 16_000;
const { audio, words } = renderToneSpeech(randomToneWords(24, 5), { seed: 5 });
const slices = [...cut(audio)].map(sliceOf);
const exactly = textOf(words);

type Status = Extract<ServerMessage, { type: 'status' }>;

/** A page whose engine is the tone recogniser behind an address. */
async function pageOnTones(
  t: Test,
  tones: Parameters<typeof startToneServer>[0] = {},
  options: Partial<EngineOptions> = {},
) {
  const server = await startToneServer(tones);
  t.teardown(() => server.close());
  return { server, page: await openPage(t, { whisperUrls: [server.url], ...options }) };
}

/** A page that records what the test gives it, and writes down what it is told. */
async function openPage(t: Test, options: Partial<EngineOptions>) {
  const { config } = createDataDirectory(t);
  let changed = () => {};
  const backoff = { initialMs: 20, maxMs: 200 };
  const warnings: string[] = [];
  const logger = {
    warn(_fields: object, message: string) {
      warnings.push(message);
      changed();
    },
  };
  const engine = await createEngine({ clock: systemClock, backoff, logger, ...options });
  const { address, tokenFor } = await startRealServer(t, config, { engine });
  const told: ServerMessage[] = [];
  const waiting: RecordedSlice[] = [];
  let [acknowledged, given, ended] = [0, 0, false];
  let more = () => {};

  async function* recorded() {
    for (;;) {
      const slice = waiting.shift();
      if (slice !== undefined) yield slice;
      else if (ended) return;
      else
        await new Promise<void>((resolve) => {
          more = resolve;
        });
    }
  }
  const recording = startRecording({
    ...{ server: address, token: await tokenFor(clinician), language: 'en', slices: recorded() },
    ...{ finalize: {}, ahead: Number.POSITIVE_INFINITY },
    onMessage(message) {
      told.push(message);
      changed();
    },
    onAcknowledged(before) {
      acknowledged = before;
      changed();
    },
  });
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      changed = () => {
        if (holds()) resolve();
      };
      changed();
    });
  const status = () => told.findLast((message): message is Status => message.type === 'status');

  const committed = () =>
    told.flatMap((message) =>
      message.type === 'update' && message.event === 'words.committed'
        ? (message.data as EventData<'words.committed'>).words
        : [],
    );
  const tail = () => told.findLast((message) => message.type === 'tail')?.words ?? [];

  return {
    told,
    /** Resolves when they are acknowledged. */
    record(...some: RecordedSlice[]) {
      waiting.push(...some);
      given += some.length;
      more();
      return until(() => acknowledged === given);
    },
    /** Looks only at what it is told from that message on: a state may be over before anybody asks. */
    toldState: (state: Status['engineState'], from = 0) =>
      until(() =>
        told.slice(from).some((message) => message.type === 'status' && message.engineState === state),
      ),
    toldBehind: () => until(() => (status()?.behind ?? 0) > 0),
    logged: (sentence: RegExp) => until(() => warnings.some((warning) => sentence.test(warning))),
    committed,
    /** The live text has so many words, the tail included; of the very last one too little may have been heard. */
    shows: (count: number) => until(() => committed().length + tail().length >= count - 1),
    async finish() {
      ended = true;
      more();
      const { result } = await recording.done;
      return { ...result!, text: textOf(result!.segments.flatMap((segment) => segment.words)) };
    },
  };
}

type Page = Awaited<ReturnType<typeof openPage>>;

/** While it stands: the slices are safe and the page knows. After it: not a word is missing. */
async function survives(t: Test, page: Page, fault: { begins(): void; ends(): Promise<void> | void }) {
  await page.record(...slices.slice(0, 2));
  await page.toldState('ready');
  const from = page.told.length;
  fault.begins();
  await page.record(...slices.slice(2));
  t.pass('what is recorded meanwhile is acknowledged');
  await page.toldState('recovering', from);
  t.pass('the page is told');
  await fault.ends();
  await catchesUp(t, page);
}

async function catchesUp(t: Test, page: Page) {
  await page.shows(words.length);
  const result = await page.finish();
  t.equal(textOf(page.committed()), exactly, 'the live text has every word once');
  t.equal(result.text, exactly, 'and so has the final one');
  t.equal(result.transcription.pass, 'second');
}

const faults: Partial<Record<ServerFault, string>> = {
  garbage: 'answers garbage',
  cut: 'breaks off its answers',
  hang: 'does not answer',
};

for (const [fault, does] of Object.entries(faults) as [ServerFault, string][]) {
  t.test(`[S5] a worker ${does}: recording goes on, the page is told, the text catches up`, async (t) => {
    const { server, page } = await pageOnTones(t, {}, { deadlineMs: () => 1000 });
    await survives(t, page, {
      begins: () => {
        server.fault = fault;
      },
      ends: () => {
        server.fault = 'none';
      },
    });
  });
}

t.test(
  '[S3] [S5] a worker answers late: the page is told how far the text is behind, until it is not',
  async (t) => {
    const { server, page } = await pageOnTones(t);
    await page.record(slices[0]!);
    await page.toldState('ready');
    server.fault = 'late';
    server.lateMs = 600;
    await page.record(...slices.slice(1));
    await page.toldBehind();
    server.fault = 'none';
    await catchesUp(t, page);
    const states = page.told.flatMap((message) => (message.type === 'status' ? [message.engineState] : []));
    t.notOk(states.includes('recovering'), 'a late answer within the deadline is no failure');
  },
);

t.test(
  "[S5] the engine's address goes down: recording goes on, the page is told, the text catches up",
  async (t) => {
    const first = await startToneServer();
    let second = first;
    t.teardown(() => second.close());
    const page = await openPage(t, { whisperUrls: [first.url] });
    await survives(t, page, {
      begins: () => void first.close(),
      async ends() {
        second = await startToneServer({ port: Number(new URL(first.url).port) });
      },
    });
  },
);

t.test('a process of ours', async (t) => {
  const directory = t.testdir({});
  const whisperServerBin = writeToneProgram(directory);
  const withModel = (name: string, content = TONE_MODEL) => {
    const modelPath = join(directory, name);
    writeFileSync(modelPath, content);
    return { whisperServerBin, modelPath, workers: 1 };
  };
  const signal = (modelPath: string, name: NodeJS.Signals) => {
    const found = execFileSync('pgrep', ['-f', `model ${modelPath} --threads`], { encoding: 'utf8' });
    for (const id of found.trim().split('\n')) process.kill(Number(id), name);
  };

  for (const [name, how] of [
    ['SIGKILL', 'is killed'],
    ['SIGSTOP', 'hangs'],
  ] as const) {
    t.test(`[S5] ${how}: recording goes on, the page is told, the text catches up`, async (t) => {
      const options = withModel(`ggml-${name}.bin`);
      const page = await openPage(t, { ...options, deadlineMs: () => 1000 });
      await survives(t, page, { begins: () => signal(options.modelPath, name), ends() {} });
    });
  }

  await t.test(
    '[S5] has a model that is truncated, then a foreign one: the text follows once it is whole',
    async (t) => {
      const options = withModel('ggml-bad.bin', TONE_MODEL.subarray(0, -2));
      const page = await openPage(t, options);
      await page.record(...slices);
      t.pass('slices are acknowledged');
      await page.toldState('recovering');
      await page.logged(/truncated or of another format/);
      withModel('ggml-bad.bin', Buffer.from('GGUF and so on'));
      await page.logged(/not a ggml speech model/);
      t.same(page.committed(), [], 'no text is made up');
      withModel('ggml-bad.bin');
      await catchesUp(t, page);
    },
  );
});

const random = seededRandom(9);
const noise = (loudness: number) =>
  Int16Array.from({ length: 3 * SECOND }, () => (2 * random() - 1) * loudness);
const pause = new Int16Array(SECOND);

/** The words, the sound, the words again; all of it acknowledged. */
async function recordAround(t: Test, page: Page, ...sound: Int16Array[]) {
  const consultation = concatSamples([audio, pause, ...sound, pause, audio]);
  await page.record(...[...cut(consultation)].map(sliceOf));
  t.pass('all of it is acknowledged');
  await page.shows(2 * words.length);
}

t.test('[S4] an engine that writes text on silence: silence and faint noise add no word', async (t) => {
  const { page } = await pageOnTones(t, { errors: { textOnSilence: true } });
  await recordAround(t, page, new Int16Array(6 * SECOND), noise(500));
  const { text } = await page.finish();
  t.notMatch(JSON.stringify(page.told), /watching/, 'neither as a tail, nor committed, nor in the result');
  t.equal(text, `${exactly} ${exactly}`);
});

t.test(
  '[S2] a slice of loud noise, whatever is heard in it, costs none of the words around it',
  async (t) => {
    const { page } = await pageOnTones(t);
    await recordAround(t, page, noise(10_000));
    const { text: final } = await page.finish();
    for (const text of [textOf(page.committed()), final]) {
      t.ok(text.startsWith(exactly));
      t.ok(text.endsWith(exactly));
    }
  },
);
