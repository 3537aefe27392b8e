/** The program: reads the settings, picks the adapters, starts, says where it is, stops when told to. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newId } from '../shared/ids.ts';
import { limits } from '../shared/protocol.ts';
import { createDecoderFor } from './audio/create-decoder.ts';
import { systemClock } from './clock.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { createCorpus } from './corpus/create-corpus.ts';
import { createDiarizer } from './diarization/create-diarizer.ts';
import { readCpuTimes } from './jobs/cpu-times.ts';
import { createIdleGate } from './jobs/idle-gate.ts';
import { tokenOptionsOf } from './local-tokens.ts';
import { createLog, type Logger } from './ops/log.ts';
import { startServer } from './server.ts';
import { localAddress, removeServerFile, writeServerFile } from './server-file.ts';
import type { Engine } from './speech/engine.ts';
import { engineOfSettings } from './speech/engines/engine-of-settings.ts';

const clock = systemClock;
const HOUR = 3600;
/** What a window of the speakers' work takes, on two cores: milliseconds. */
const WINDOW_MS = 700;
/** The person on this machine, for whom the one-time link is printed. */
const localPrincipal = { subject: 'local', tenant: 'local', roles: ['clinician', 'admin'] } as const;

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog(config.AUSCULT_LOG_LEVEL, process.stdout.isTTY);
  mkdirSync(config.AUSCULT_DATA, { recursive: true, mode: 0o700 });

  const corpus = await createCorpus({
    directory: config.AUSCULT_DATA,
    masterKeyFile: config.masterKeyFile,
    onListenerError: (error) => log.error({ err: error }, 'a listener of the corpus failed'),
  });
  const engine = await engineOfSettings(config, { clock, logger: log });
  const stopTelling = engine && tellLoading(engine, log);
  const diarizer = await createDiarizer({
    modelsDirectory: config.AUSCULT_MODELS,
    standIn: config.AUSCULT_STAND_IN,
    phantomSeconds: config.AUSCULT_PHANTOM_SPEECH,
    log,
  });
  const urgent = config.AUSCULT_DIARIZE_PRIORITY === 'high';
  const idleGate = createIdleGate({
    clock,
    readCpuTimes,
    threshold: urgent ? 0 : config.AUSCULT_IDLE_THRESHOLD,
    windowSeconds: config.AUSCULT_IDLE_WINDOW,
  });
  const whenIdle = async (signal: AbortSignal) => {
    await idleGate.whenIdle(signal);
    // Idle on average, and yet a slice may be being heard at this moment.
    if (!urgent) await engine?.whenQuiet(WINDOW_MS, signal);
  };

  const server = await startServer({
    ...{ corpus, engine, diarizer, clock, log },
    createDecoder: createDecoderFor({ ffmpegPath: config.FFMPEG, clock }),
    whenIdle,
    newId,
    language: config.AUSCULT_LANGUAGE,
    vocabulary: config.AUSCULT_VOCABULARY,
    consentRequired: config.AUSCULT_CONSENT_REQUIRED,
    sliceBytes: config.AUSCULT_MAX_SLICE_BYTES,
    voiceThreshold: config.AUSCULT_VOICE_THRESHOLD,
    window: limits.window,
    sessionsPerPerson: 20,
    retentionDays: config.AUSCULT_RETENTION_DAYS,
    gateway: {
      host: config.AUSCULT_HOST,
      port: config.AUSCULT_PORT,
      transport: config.TRANSPORT,
      ...tlsOf(config),
      tokens: tokenOptionsOf(config, { create: true }),
      revocationsFile: join(config.AUSCULT_DATA, 'revoked.jsonl'),
      origins: config.AUSCULT_ORIGINS,
      staticDirectory: fileURLToPath(new URL('../dist/client', import.meta.url)),
    },
  });

  const { gateway } = server;
  const { name, model, standIn } = engine?.description ?? { name: 'none', model: '' };
  log.info(
    { transport: gateway.transport, engine: name, model, diarization: diarizer?.method ?? 'none' },
    'started',
  );
  const secure = config.AUSCULT_TLS_CERT !== undefined;
  writeServerFile(config.AUSCULT_DATA, {
    address: localAddress({ host: config.AUSCULT_HOST, port: gateway.port, secure }),
    pid: process.pid,
  });
  const scheme = secure ? 'https' : 'http';
  const host = config.AUSCULT_HOST.includes(':') ? `[${config.AUSCULT_HOST}]` : config.AUSCULT_HOST;
  const address = `${scheme}://${host === '127.0.0.1' ? 'localhost' : host}:${gateway.port}`;
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (engine === undefined) say('No speech engine: consultations are recorded, their text is owed.');
  else if (standIn !== undefined) say(`Stand-in speech engine, unfit for clinical use: ${standIn}`);
  if (config.localLogin) {
    say(`Open this link once; it is yours alone:\n  ${address}${gateway.loginPath(localPrincipal, HOUR)}`);
  } else say(`Listening at ${address}`);

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    removeServerFile(config.AUSCULT_DATA);
    idleGate.close();
    stopTelling?.();
    server.close().then(
      () => process.exit(0),
      (error) => {
        log.error({ err: error }, 'stopping did not end cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
}

/** A line for each quarter of a model that takes its time, and one when there can be text. */
function tellLoading(engine: Engine, log: Logger): () => void {
  let quarter = 0;
  let state = engine.state;
  return engine.onStateChange(() => {
    const { loadedPercent = 0 } = engine;
    if (loadedPercent >= 25 * (quarter + 1)) log.info({ percent: loadedPercent }, 'loading the speech model');
    quarter = Math.floor(loadedPercent / 25);
    if (engine.state !== state && engine.state === 'ready') log.info('the speech engine is ready');
    state = engine.state;
  });
}

function tlsOf({ AUSCULT_TLS_KEY, AUSCULT_TLS_CERT }: Config) {
  if (AUSCULT_TLS_KEY === undefined || AUSCULT_TLS_CERT === undefined) return {};
  return { tls: { keyFile: AUSCULT_TLS_KEY, certFile: AUSCULT_TLS_CERT } };
}

main().catch((error) => {
  // What a person can mend is one sentence; anything else is told with where it happened.
  const expected = error instanceof ConfigError || !(error instanceof TypeError);
  process.stderr.write(`✗ ${expected && error instanceof Error ? error.message : (error as Error).stack}\n`);
  process.exit(1);
});
