/** Whatever else holds audio, through one ffmpeg child that lives as long as the stream does. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { CodedError } from '../../shared/errors.ts';
import type { Clock } from '../clock.ts';
import { concatBytes, fromBytes } from './pcm.ts';
import type { Container } from './sniff.ts';
import { SAMPLE_RATE, type StreamDecoder } from './stream-decoder.ts';

export interface FfmpegOptions {
  /** A name on PATH or a file; undefined where there is none, so that its formats are MIME_UNKNOWN. */
  ffmpegPath: string | undefined;
  clock: Clock;
}

export const ffmpegLimits = {
  /** Of audio in one stream. */
  seconds: 6 * 3600,
  cpuSeconds: 1800,
  /** Address space: libraries alone map a few hundred megabytes. */
  memoryBytes: 1024 ** 3,
  /** Audio that one piece may yield, as bytes of PCM. */
  pushBytes: 900 * SAMPLE_RATE * 2,
  /** Without a sign of life it is killed. */
  hangMs: 15_000,
  /** How long the first piece waits for samples, as the child has yet to start; late ones come with a later piece. */
  firstOutputMs: 1000,
  /** Samples of a piece come in one go; after this long without more there are no more. */
  quietMs: 50,
} as const;

const DEMUXERS: Partial<Record<Container, string>> = {
  matroska: 'matroska',
  'webm-opus': 'matroska',
  ogg: 'ogg',
  'ogg-opus': 'ogg',
  wav: 'wav',
  mp4: 'mov',
  flac: 'flac',
  mp3: 'mp3',
  aac: 'aac',
};

const PRLIMIT = '/usr/bin/prlimit';

/** All of the environment that the child gets: the server's own holds secrets. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function commandLine(ffmpegPath: string, demuxer: string): [string, string[]] {
  const ffmpeg = [
    ...['-nostdin', '-hide_banner', '-loglevel', 'quiet', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-probesize', '32768', '-analyzeduration', '0', '-f', demuxer, '-i', 'pipe:0'],
    ...['-vn', '-sn', '-dn', '-map', '0:a:0', '-t', String(ffmpegLimits.seconds), '-threads', '1'],
    ...['-ac', '1', '-ar', String(SAMPLE_RATE), '-flush_packets', '1', '-f', 's16le', 'pipe:1'],
  ];
  if (!existsSync(PRLIMIT)) return [ffmpegPath, ffmpeg];
  const { memoryBytes, cpuSeconds } = ffmpegLimits;
  // A core would hold a patient's audio, and a child has no business with files.
  const limits = [`--as=${memoryBytes}`, `--cpu=${cpuSeconds}`, '--core=0', '--fsize=0'];
  return [PRLIMIT, [...limits, ffmpegPath, ...ffmpeg]];
}

/** @throws CodedError MIME_UNKNOWN where ffmpeg is missing, from the first push on. */
export function createFfmpegDecoder(
  container: Container,
  { ffmpegPath, clock }: FfmpegOptions,
): StreamDecoder {
  const demuxer = DEMUXERS[container];
  if (ffmpegPath === undefined || demuxer === undefined) return createRefusingDecoder();
  return new FfmpegDecoder(...commandLine(ffmpegPath, demuxer), clock);
}

function createRefusingDecoder(): StreamDecoder {
  return {
    async push() {
      throw new CodedError('MIME_UNKNOWN');
    },
    async end() {
      return new Int16Array();
    },
    close() {},
  };
}

class FfmpegDecoder implements StreamDecoder {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly clock: Clock;
  private output: Buffer[] = [];
  private outputBytes = 0;
  /** An odd byte of a sample that the pipe has cut. */
  private half: Uint8Array = new Uint8Array();
  private hasSpoken = false;
  private hasStarted = false;
  private isMissing = false;
  private wasKilled = false;
  private isOver = false;
  private onOutput = () => {};
  private readonly over: Promise<void>;

  constructor(command: string, args: string[], clock: Clock) {
    this.clock = clock;
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: SYSTEM_PATH } });
    this.over = new Promise((resolve) => {
      const finish = (code: number | null) => {
        this.isOver = true;
        // 127: prlimit did not find it.
        if (code === 127) this.isMissing = true;
        this.onOutput();
        resolve();
      };
      this.child.on('error', () => {
        this.isMissing = true;
        finish(null);
      });
      this.child.on('close', finish);
    });
    // A child that has gone says so by its exit.
    this.child.stdin.on('error', () => {});
    this.child.stdout.on('data', (data: Buffer) => this.receive(data));
  }

  private receive(data: Buffer): void {
    if (this.wasKilled) return;
    this.hasSpoken = true;
    this.outputBytes += data.length;
    this.output.push(data);
    if (this.outputBytes > ffmpegLimits.pushBytes) this.kill();
    this.onOutput();
  }

  private kill(): void {
    this.wasKilled = true;
    this.output = [];
    this.outputBytes = 0;
    this.child.kill('SIGKILL');
  }

  async push(bytes: Uint8Array): Promise<Int16Array> {
    if (!this.isOver) {
      await this.watched(Promise.race([this.over, this.write(bytes)]));
      await this.settled();
    }
    return this.take();
  }

  async end(): Promise<Int16Array> {
    if (!this.isOver) {
      this.child.stdin.end();
      await this.watched(this.over);
    }
    return this.outputBytes === 0 && this.hasSpoken && !this.wasKilled ? new Int16Array() : this.take();
  }

  close(): void {
    this.kill();
    this.child.stdin.destroy();
  }

  private write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.child.stdin.write(bytes, () => resolve()));
  }

  /** Kills the child if it does not come to an end of `work` in time. */
  private async watched(work: Promise<void>): Promise<void> {
    const cancel = this.clock.after(ffmpegLimits.hangMs, () => this.kill());
    await work;
    cancel();
  }

  /** Resolves when the samples of the last piece are probably all there; those that come later are not lost. */
  private settled(): Promise<void> {
    return new Promise((resolve) => {
      let cancel = () => {};
      const done = () => {
        cancel();
        this.onOutput = () => {};
        resolve();
      };
      const wait = (milliseconds: number) => {
        cancel();
        cancel = this.clock.after(milliseconds, done);
      };
      if (this.isOver) return done();
      wait(this.hasStarted ? ffmpegLimits.quietMs : ffmpegLimits.firstOutputMs);
      this.hasStarted = true;
      this.onOutput = () => (this.isOver ? done() : wait(ffmpegLimits.quietMs));
    });
  }

  private take(): Int16Array {
    if (this.isMissing) throw new CodedError('MIME_UNKNOWN');
    if (this.wasKilled || (this.outputBytes === 0 && this.isOver)) throw new CodedError('DECODE_DEGRADED');
    const bytes = concatBytes(this.half, ...this.output);
    this.half = bytes.slice(bytes.length & ~1);
    this.output = [];
    this.outputBytes = 0;
    return fromBytes(bytes);
  }
}
