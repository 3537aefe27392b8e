import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createManualClock, systemClock } from '../clock.ts';
import { createFfmpegDecoder, ffmpegLimits } from './ffmpeg-decoder.ts';
import { outcome } from './stream-decoder-contract.ts';
import { encode, hasFfmpeg, tone } from './test-audio.ts';

const needsFfmpeg = { skip: hasFfmpeg ? false : 'ffmpeg is not installed' };

/** A program in ffmpeg's place that notes its process id and then does as it is told. */
async function impostor(directory: string, script: string) {
  const path = join(directory, 'ffmpeg');
  const pidFile = join(directory, 'pid');
  await writeFile(path, `#!/bin/sh\n${script.replaceAll('PID_FILE', pidFile)}\n`);
  await chmod(path, 0o755);
  return { path, pid: async () => Number(await readFile(pidFile, 'utf8')) };
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

t.test('where ffmpeg is missing its formats are MIME_UNKNOWN', async (t) => {
  for (const ffmpegPath of [undefined, '/nowhere/ffmpeg']) {
    const decoder = createFfmpegDecoder('mp4', { ffmpegPath, clock: systemClock });
    const outcomes = [
      await outcome(decoder.push(new Uint8Array(100))),
      await outcome(decoder.push(new Uint8Array(100))),
    ];
    t.ok(outcomes.includes('MIME_UNKNOWN'), String(ffmpegPath));
    decoder.close();
  }
});

t.test('a child that hangs is killed and leaves no zombie', async (t) => {
  // It reads nothing and says nothing: more than a pipe holds is never taken.
  const { path, pid } = await impostor(t.testdir(), 'echo $$ > PID_FILE; printf xx; exec sleep 300');
  const clock = createManualClock();
  const decoder = createFfmpegDecoder('mp4', { ffmpegPath: path, clock });
  let isDone = false;
  const pushed = outcome(decoder.push(new Uint8Array(1024 * 1024))).finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(ffmpegLimits.hangMs / 10);
  t.equal(await pushed, 'DECODE_DEGRADED');
  t.equal(await outcome(decoder.end()), 'DECODE_DEGRADED');
  const child = await pid().catch(() => undefined);
  if (child !== undefined) t.notOk(isRunning(child), 'gone and reaped');
});

t.test('closing ends the child', needsFfmpeg, async (t) => {
  const { path, pid } = await impostor(t.testdir(), 'echo $$ > PID_FILE; exec ffmpeg "$@"');
  const decoder = createFfmpegDecoder('mp4', { ffmpegPath: path, clock: systemClock });
  t.not((await outcome(decoder.push(encode(tone(1), 'mp4')))).length, 0);
  const child = await pid();
  t.ok(isRunning(child));
  decoder.close();
  t.equal(await outcome(decoder.end()), 'DECODE_DEGRADED');
  t.notOk(isRunning(child), 'gone and reaped');
});

t.test(
  'the child has limits and none of our environment',
  { skip: process.platform !== 'linux' && 'not Linux' },
  async (t) => {
    const directory = t.testdir();
    // fsize 0 keeps it from writing files, so what it sees comes out as samples.
    const { path } = await impostor(directory, 'env; ulimit -v; ulimit -t; ulimit -f; cat > /dev/null');
    process.env.AUDIO_TEST_SECRET = 'secret';
    t.teardown(() => delete process.env.AUDIO_TEST_SECRET);
    const decoder = createFfmpegDecoder('mp4', { ffmpegPath: path, clock: systemClock });
    const samples = [await decoder.push(new Uint8Array(10)), await decoder.end()];
    const text = samples
      .map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString())
      .join('');
    t.notMatch(text, /AUDIO_TEST_SECRET/);
    t.match(text, new RegExp(`${ffmpegLimits.memoryBytes / 1024}\\n${ffmpegLimits.cpuSeconds}\\n0`));
  },
);
