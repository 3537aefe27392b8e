/** [S5] Whatever happens to a worker, the engine says so, comes back by itself and loses no process. */
import { execFileSync, spawn } from 'node:child_process';
import { copyFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import t, { type Test } from 'tap';
import { cacheDirectory } from '../../../fixtures/engines/cache-directory.ts';
import { reached } from '../../../fixtures/engines/state.ts';
import { type ServerFault, startToneServer } from '../../../fixtures/engines/tone-engine.ts';
import { randomToneWords, renderToneSpeech } from '../../../fixtures/engines/tone-speech.ts';
import { standInModel, standInWords } from '../../../fixtures/whisper-model/stand-in-model.ts';
import { textOf } from '../../../shared/transcript.ts';
import { systemClock } from '../../clock.ts';
import { createEngine, type EngineOptions } from './create-engine.ts';
import { findWhisperServer } from './find-whisper-server.ts';

process.on('unhandledRejection', (error) => t.fail('unhandled rejection', { error }));

const { audio, words } = renderToneSpeech(randomToneWords(6, 2), { seed: 2 });
const ask = { audio, language: 'en', priority: 'live' as const };
const quick = { clock: systemClock, backoff: { initialMs: 10, maxMs: 40 } };
const unavailable = { code: 'ENGINE_UNAVAILABLE' };

async function engineFor(t: Test, options: Partial<EngineOptions>) {
  const warnings: string[] = [];
  const logger = { warn: (_: object, message: string) => warnings.push(message) };
  const engine = (await createEngine({ ...quick, logger, ...options }))!;
  t.teardown(() => engine.close());
  return { engine, warnings };
}

const faults: { fault: ServerFault; failures: number }[] = [
  { fault: 'garbage', failures: 2 },
  { fault: 'other-json', failures: 2 },
  { fault: 'status-500', failures: 2 },
  { fault: 'cut', failures: 1 },
  { fault: 'hang', failures: 1 },
];

for (const { fault, failures } of faults) {
  t.test(`[S5] an engine that answers with ${fault} is left alone for a while and taken back`, async (t) => {
    const server = await startToneServer();
    t.teardown(() => server.close());
    // Short only where nothing is to be waited for: a busy machine may take its time for a good answer.
    const deadlineMs = () => (server.fault === 'hang' ? 300 : 20_000);
    const { engine, warnings } = await engineFor(t, { whisperUrls: [server.url], deadlineMs });
    await reached(engine, 'ready');
    server.fault = fault;
    const recovering = reached(engine, 'recovering');
    for (let count = 0; count < failures; count += 1) await t.rejects(engine.transcribe(ask), unavailable);
    await recovering;
    server.fault = 'none';
    await reached(engine, 'ready');
    t.equal(textOf((await engine.transcribe(ask)).words), textOf(words));
    for (const word of words) t.notOk(warnings.join(' ').includes(word.text), '[C4] no text in warnings');
  });
}

t.test('[S5] an answer that is late but within the deadline counts', async (t) => {
  const server = await startToneServer();
  t.teardown(() => server.close());
  const { engine } = await engineFor(t, { whisperUrls: [server.url] });
  await reached(engine, 'ready');
  server.fault = 'late';
  t.equal(textOf((await engine.transcribe(ask)).words), textOf(words));
});

t.test('[S5] an address where nothing listens is tried again until something does', async (t) => {
  const first = await startToneServer();
  const port = Number(new URL(first.url).port);
  await first.close();
  const { engine, warnings } = await engineFor(t, { whisperUrls: [first.url] });
  await reached(engine, 'recovering');
  await t.rejects(engine.transcribe(ask), unavailable);
  t.match(warnings[0], /does not answer/);
  const second = await startToneServer({ port });
  t.teardown(() => second.close());
  await reached(engine, 'ready');
  t.equal(textOf((await engine.transcribe(ask)).words), textOf(words));
});

t.test('[S5] one address down leaves the other one to do the work', async (t) => {
  const servers = await Promise.all([startToneServer(), startToneServer()]);
  const { engine } = await engineFor(t, { whisperUrls: servers.map(({ url }) => url) });
  await reached(engine, 'ready');
  t.teardown(() => servers[1].close());
  await engine.transcribe(ask);
  await servers[0].close();
  for (let count = 0; count < 4; count += 1) {
    t.equal(textOf((await engine.transcribe(ask)).words), textOf(words));
  }
  t.equal(engine.state, 'ready');
});

t.test('processes of ours', async (t) => {
  const whisperServerBin = await findWhisperServer({ cacheDirectory, searchPath: process.env.PATH });
  if (whisperServerBin === undefined) return t.plan(0, 'whisper-server has not been built');
  const model = await standInModel('tiny', cacheDirectory);
  const sentence = standInWords.join(' ');

  /** Process ids of the whisper-servers that have this model open in their command line. */
  const running = (modelPath: string) => {
    try {
      const ids = execFileSync('pgrep', ['-f', `model ${modelPath} --threads`], { encoding: 'utf8' });
      return ids.trim().split('\n').map(Number);
    } catch {
      return [];
    }
  };
  /** A copy, so that its processes can be told from those of other tests. */
  const ownModel = async (t: Test) => {
    const file = path.join(t.testdir({}), 'ggml-own.bin');
    await copyFile(model, file);
    return file;
  };

  await t.test('[S5] a killed one and a hung one are replaced, and none outlives the engine', async (t) => {
    const modelPath = await ownModel(t);
    let deadline = 60_000;
    const { engine } = await engineFor(t, {
      whisperServerBin,
      modelPath,
      workers: 1,
      deadlineMs: () => deadline,
    });
    await reached(engine, 'ready');
    const [killed] = running(modelPath);
    process.kill(killed!, 'SIGKILL');
    await reached(engine, 'recovering');
    await reached(engine, 'ready');
    t.equal(textOf((await engine.transcribe(ask)).words), sentence);
    const [hung] = running(modelPath);
    process.kill(hung!, 'SIGSTOP');
    deadline = 1_000;
    const given = engine.transcribe(ask);
    // The next one is a good one, which may take its time.
    deadline = 60_000;
    await t.rejects(given, unavailable);
    await reached(engine, 'ready');
    t.notOk(running(modelPath).includes(hung!));
    t.equal(textOf((await engine.transcribe(ask)).words), sentence);
    await engine.close();
    t.strictSame(running(modelPath), []);
  });

  await t.test(
    '[S5] a model that is truncated or foreign is named, and taken once it is whole',
    async (t) => {
      const modelPath = await ownModel(t);
      await truncate(modelPath, 30_000_000);
      const { engine, warnings } = await engineFor(t, { whisperServerBin, modelPath, workers: 1 });
      await reached(engine, 'recovering');
      t.match(warnings[0], /truncated or of another format/);
      await writeFile(modelPath, 'GGUF and so on');
      while (!/not a ggml speech model/.test(warnings.at(-1)!))
        await new Promise((resolve) => setTimeout(resolve, 20));
      await copyFile(model, modelPath);
      await reached(engine, 'ready');
      t.equal(textOf((await engine.transcribe(ask)).words), sentence);
    },
  );

  await t.test('a missing binary and a missing model are named', async (t) => {
    const none = await engineFor(t, {
      whisperServerBin: '/nonexistent/whisper-server',
      modelPath: model,
      workers: 1,
    });
    await reached(none.engine, 'recovering');
    t.match(none.warnings[0], /no whisper-server to run/);
    const missing = await engineFor(t, {
      whisperServerBin,
      modelPath: '/nonexistent/ggml-base.bin',
      workers: 1,
    });
    await reached(missing.engine, 'recovering');
    t.match(missing.warnings[0], /no speech model at/);
  });

  await t.test(
    'no process outlives a server that is killed',
    { skip: process.platform !== 'linux' },
    async (t) => {
      const modelPath = await ownModel(t);
      const script = path.join(t.testdirName, '..', 'engine-of-a-killed-server.mts');
      await writeFile(
        script,
        `import { createEngine } from ${JSON.stringify(path.resolve('server/speech/engines/create-engine.ts'))};
       import { systemClock } from ${JSON.stringify(path.resolve('server/clock.ts'))};
       const engine = await createEngine(${JSON.stringify({
         whisperServerBin,
         modelPath,
         workers: 1,
       }).replace(/}$/, ', clock: systemClock }')});
       engine.onStateChange(() => console.log(engine.state));`,
      );
      const server = spawn(process.execPath, ['--import', 'tsx', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => server.stdout.once('data', resolve));
      const [worker] = running(modelPath);
      t.ok(worker);
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await gone;
      for (let tries = 0; running(modelPath).length > 0 && tries < 100; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      t.strictSame(running(modelPath), []);
    },
  );
});
