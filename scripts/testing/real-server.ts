/** The real server in this process, on a real corpus in a directory of its own, for the tests of the tools. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Test } from 'tap';
import { randomToneWords, renderToneSpeech } from '../../fixtures/engines/tone-speech.ts';
import { createDecoderFor } from '../../server/audio/create-decoder.ts';
import { SAMPLE_RATE } from '../../server/audio/stream-decoder.ts';
import { wavFile } from '../../server/audio/test-audio.ts';
import { systemClock } from '../../server/clock.ts';
import { type Config, readConfig } from '../../server/config.ts';
import { createCorpus } from '../../server/corpus/create-corpus.ts';
import type { Principal } from '../../server/gateway/peer.ts';
import { tokenOptionsOf } from '../../server/local-tokens.ts';
import { type ServerOptions, startServer } from '../../server/server.ts';
import { removeServerFile, writeServerFile } from '../../server/server-file.ts';
import { newId } from '../../shared/ids.ts';
import { audioHashOf } from '../client/audio-hash.ts';
import type { RecordedSlice } from '../client/node-client.ts';

export const clinician: Principal = { subject: 'dr-a', tenant: 'north', roles: ['clinician'] };

export function createDataDirectory(t: Test): { directory: string; config: Config } {
  const parent = mkdtempSync(join(tmpdir(), 'auscult-tools-'));
  t.teardown(() => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, 'data');
  return { directory, config: readConfig({ AUSCULT_DATA: directory, PATH: process.env.PATH ?? '' }) };
}

/** As `main.ts` starts it, without a speech engine unless one is given; `stop` may be called early. */
export async function startRealServer(t: Test, config: Config, options: Partial<ServerOptions> = {}) {
  const clock = systemClock;
  const corpus = await createCorpus({ directory: config.AUSCULT_DATA, masterKeyFile: config.masterKeyFile });
  const server = await startServer({
    ...{ corpus, clock, log: pino({ level: 'silent' }), engine: undefined, diarizer: undefined },
    createDecoder: createDecoderFor({ ffmpegPath: 'ffmpeg', clock }),
    whenIdle: async () => {},
    newId,
    ...{ language: 'en', vocabulary: [], sliceBytes: 1 << 20, window: 8, sessionsPerPerson: 20 },
    ...{ retentionDays: 0, consentRequired: false, voiceThreshold: 0.6 },
    gateway: {
      ...{ host: '127.0.0.1', port: 0, transport: 'auto', origins: [] },
      tokens: tokenOptionsOf(config, { create: true }),
    },
    ...options,
  });
  const address = `http://127.0.0.1:${server.gateway.port}`;
  writeServerFile(config.AUSCULT_DATA, { address, pid: process.pid });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    removeServerFile(config.AUSCULT_DATA);
    stopped ??= server.close();
    return stopped;
  };
  t.teardown(stop);
  const tokenFor = async (principal: Principal) => (await server.gateway.issueToken(principal)).token;
  return { address, corpus, server, stop, tokenFor };
}

/** Speech of the tone language in self-contained WAV slices of `seconds`. */
export function toneSlices(count: number, seed: number, seconds = 1): RecordedSlice[] {
  const { audio } = renderToneSpeech(randomToneWords(count * 4 * seconds, seed), { seed });
  const length = seconds * SAMPLE_RATE;
  return Array.from({ length: count }, (_, index) => {
    const data = wavFile(audio.slice(index * length, (index + 1) * length));
    return {
      ...{ data, sha256: audioHashOf(data), epoch: 0, mime: 'audio/wav' },
      durationMs: seconds * 1000,
      capturedAt: Date.UTC(2026, 0, 1) + index * seconds * 1000,
    };
  });
}
