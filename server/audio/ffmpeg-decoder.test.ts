import { readFileSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { createManualClock, systemClock } from '../clock.ts';
import { createFfmpegDecoder, ffmpegLimits } from './ffmpeg-decoder.ts';
import { outcome } from './stream-decoder-contract.ts';
import { encode, hasFfmpeg, tone } from './test-audio.ts';

const needsFfmpeg = { skip: hasFfmpeg ? false : 'ffmpeg is not installed' };

/** A program in ffmpeg's place that does as it is told. */
async function impostor(directory: string, script: string): Promise<string> {
  const path = join(directory, 'ffmpeg');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const onLinux = { skip: process.platform === 'linux' ? false : 'not Linux' };

/** The children of this process, zombies included. */
const children = () =>
  readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);

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

t.test('a child that hangs is killed and leaves no zombie', onLinux, async (t) => {
  // It reads nothing and says nothing: more than a pipe holds is never taken.
  const path = await impostor(t.testdir(), 'printf xx; exec sleep 300');
  const before = children();
  const clock = createManualClock();
  const decoder = createFfmpegDecoder('mp4', { ffmpegPath: path, clock });
  t.equal(children().length, before.length + 1);
  let isDone = false;
  const pushed = outcome(decoder.push(new Uint8Array(1024 * 1024))).finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(ffmpegLimits.hangMs / 10);
  t.equal(await pushed, 'DECODE_DEGRADED');
  t.equal(await outcome(decoder.end()), 'DECODE_DEGRADED');
  t.same(children(), before, 'gone and reaped');
});

t.test('closing ends the child', hasFfmpeg ? onLinux : needsFfmpeg, async (t) => {
  const file = encode(tone(1), 'mp4');
  const before = children();
  const decoder = createFfmpegDecoder('mp4', { ffmpegPath: 'ffmpeg', clock: systemClock });
  t.ok((await decoder.push(file)).length > 0);
  t.equal(children().length, before.length + 1);
  decoder.close();
  t.equal(await outcome(decoder.end()), 'DECODE_DEGRADED');
  t.same(children(), before, 'gone and reaped');
});

t.test('the child has limits and none of our environment', onLinux, async (t) => {
  const path = await impostor(t.testdir(), 'env; ulimit -v; ulimit -t; ulimit -f; cat > /dev/null');
  process.env.AUDIO_TEST_SECRET = 'secret';
  t.teardown(() => delete process.env.AUDIO_TEST_SECRET);
  const decoder = createFfmpegDecoder('mp4', { ffmpegPath: path, clock: systemClock });
  const samples = [await decoder.push(new Uint8Array(10)), await decoder.end()];
  const text = samples
    .map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString())
    .join('');
  t.notMatch(text, /AUDIO_TEST_SECRET/);
  t.match(text, new RegExp(`${ffmpegLimits.memoryBytes / 1024}\\n${ffmpegLimits.cpuSeconds}\\n0`));
});
