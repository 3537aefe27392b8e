/** Hostile messages, requests and sound files, while one client goes on recording. */
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { seededRandom } from '../../fixtures/engines/tone-vocabulary.ts';
import { createDecoderFor } from '../../server/audio/create-decoder.ts';
import { fuzzDecoders } from '../../server/audio/fuzz-decoders.ts';
import { encode as encodeSound, tone, wavFile } from '../../server/audio/test-audio.ts';
import { systemClock } from '../../server/clock.ts';
import { encode } from '../../shared/protocol.ts';
import { hostileMessage, hostileRequest } from './fuzz/hostile.ts';
import { type Arena, createArena } from './harness/arena.ts';
import { createClient } from './harness/client.ts';
import { reckon } from './harness/reckoning.ts';
import { differentWords, recordTones } from './harness/sound.ts';
import type { Torture } from './torture.ts';

/** Sent at once on one connection: the gateway's burst, so that most are looked at and some are too many. */
const PER_CONNECTION = 220;
const AT_ONCE = 10;
const HANG_MS = 10_000;

const wait = (milliseconds: number) =>
  new Promise<void>((resolve) => systemClock.after(milliseconds, resolve));

/** True when it was answered or closed; false when nothing had come after ten seconds. */
function flood(
  arena: Arena,
  token: string,
  messages: readonly Uint8Array[],
  greeted: boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(arena.socketUrl, { perMessageDeflate: false });
    const end = (answered: boolean) => {
      cancel();
      socket.terminate();
      resolve(answered);
    };
    const cancel = systemClock.after(HANG_MS, () => end(false));
    socket.on('error', () => end(true));
    socket.on('close', () => end(true));
    const attack = () => {
      for (const message of messages) socket.send(message);
      // What comes after everything hostile is answered last.
      socket.ping();
    };
    socket.on('open', () => {
      if (!greeted) return attack();
      // Before the welcome only little is held, and the rest would not be looked at.
      socket.once('message', attack);
      socket.send(encode({ type: 'hello', version: 1, token, client: 'fuzz' }));
    });
    socket.on('pong', () => end(true));
  });
}

/** Resolves when something came back or the connection was closed. */
function request(arena: Arena, bytes: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(arena.origin).port), '127.0.0.1');
    const end = () => {
      cancel();
      socket.destroy();
      resolve();
    };
    // A request that is not complete is waited for, which is no hang: the health of the server is asked apart.
    const cancel = systemClock.after(100, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', end);
    socket.on('connect', () => socket.write(bytes));
  });
}

async function isAlive(arena: Arena): Promise<boolean> {
  const answer = await fetch(`${arena.origin}/healthz`, { signal: AbortSignal.timeout(HANG_MS) }).catch(
    () => undefined,
  );
  return answer?.status === 200;
}

async function fuzzFiles(count: number, seed: number) {
  const samples = tone(1.5);
  const native = [
    { mime: 'audio/webm;codecs=opus', bytes: encodeSound(samples, 'webm') },
    { mime: 'audio/ogg;codecs=opus', bytes: encodeSound(samples, 'ogg') },
    { mime: 'audio/wav', bytes: wavFile(samples) },
  ];
  const foreign = (['mp4', 'flac', 'wav48'] as const).map((name) => ({
    mime: name === 'mp4' ? 'audio/mp4' : `audio/${name}`,
    bytes: encodeSound(samples, name),
  }));
  const create = createDecoderFor({ ffmpegPath: 'ffmpeg', clock: systemClock });
  // One in fifty is a process of its own; the others take a millisecond.
  const few = Math.ceil(count / 50);
  let slowest = 0;
  let begun = performance.now();
  const onFile = () => {
    slowest = Math.max(slowest, performance.now() - begun);
    begun = performance.now();
  };
  const reports = [
    await fuzzDecoders({ create, files: native, count: count - few, random: seededRandom(seed), onFile }),
    await fuzzDecoders({ create, files: foreign, count: few, random: seededRandom(seed), onFile }),
  ];
  const total = (of: (report: (typeof reports)[number]) => number) =>
    reports.reduce((sum, each) => sum + of(each), 0);
  return {
    files: total(({ files }) => files),
    file_crashes: total(({ crashes }) => crashes.length),
    file_oversized: total(({ oversized }) => oversized),
    file_not_recovered: total(({ notRecovered }) => notRecovered),
    file_slowest_ms: Math.round(slowest),
  };
}

export const fuzz: Torture = {
  describes: 'hostile messages and requests, and a mutated sound file for every fifty of them',
  count: 100_000,
  atMost: {
    ...{ crashes: 0, hangs: 0, acked_lost: 0, unforeseen: 0, file_crashes: 0, file_oversized: 0 },
    ...{ file_not_recovered: 0, file_slowest_ms: 60_000, not_arrived: 0 },
  },
  async run({ seed, count, say }) {
    const random = seededRandom(seed);
    const arena = await createArena({ AUSCULT_STAND_IN: '0', AUSCULT_LOG_LEVEL: 'error' });
    await arena.start();
    const { child } = arena.server;
    const sound = recordTones(differentWords(80, seed), { seed });
    const client = createClient({ url: () => arena.socketUrl, token: await arena.token(), random });
    try {
      client.connection.start();
      await client.until('a session', ({ state }) => state.session !== undefined);
      const session = client.state.session!;
      const done = { messages: 0, requests: 0, connections: 0, hangs: 0 };
      const worker = async () => {
        while (
          done.messages + done.requests < count &&
          child.exitCode === null &&
          child.signalCode === null
        ) {
          done.connections += 1;
          // Somebody else each time: the limits of one person must not spare the server the rest.
          const token = await arena.token({
            subject: `fuzz-${done.connections}`,
            tenant: 'fuzz',
            roles: ['clinician'],
          });
          const messages = Array.from({ length: PER_CONNECTION }, () => hostileMessage(random, token));
          if (!(await flood(arena, token, messages, random() < 0.9))) done.hangs += 1;
          done.messages += messages.length;
          for (let index = 0; index < 20; index += 1)
            await request(arena, hostileRequest(random, token, session));
          done.requests += 20;
        }
      };
      const floods = Promise.all(Array.from({ length: AT_ONCE }, worker));
      let over = false;
      void floods.then(() => {
        over = true;
      });
      for (let index = 0; !over || index < sound.slices.length; index += 1) {
        const slice = sound.slices[index];
        if (slice !== undefined) client.record(slice);
        if (!(await isAlive(arena))) done.hangs += 1;
        if (child.exitCode !== null || child.signalCode !== null) break;
        if (index % 10 === 0) say(JSON.stringify(done));
        await wait(over ? 20 : 500);
      }
      const crashes = child.exitCode !== null || child.signalCode !== null ? 1 : 0;
      if (crashes > 0) say(arena.output().slice(-3000));
      else
        await client.until('everything acknowledged', ({ state }) => state.unacked === sound.slices.length);
      const corpus = await arena.corpus();
      const { acked_lost, slices } = await reckon(corpus, { session, acknowledged: client.acknowledged });
      await corpus.close();
      const unforeseen = arena.output().split('unforeseen error').length - 1;
      if (unforeseen > 0) say(arena.output().slice(-3000));
      const files = await fuzzFiles(Math.ceil(count / 50), seed);
      return {
        ...done,
        crashes,
        unforeseen,
        acked_lost,
        not_arrived: sound.slices.length - slices,
        ...files,
      };
    } finally {
      client.close();
      await arena.close();
    }
  },
};
