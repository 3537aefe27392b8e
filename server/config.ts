/** Every setting, its default and its check. The only file of the server that reads the environment. */
import { join } from 'node:path';
import envPaths from 'env-paths';
import { z } from 'zod';
import { limits } from '../shared/protocol.ts';

const paths = envPaths('auscult', { suffix: '' });

const flag = z
  .enum(['0', '1', 'false', 'true', 'no', 'yes'])
  .transform((value) => ['1', 'true', 'yes'].includes(value));
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const whole = (low: number, high: number) => z.coerce.number().int().min(low).max(high);
const fraction = z.coerce.number().min(0).max(1);

export const whisperModels = [
  'tiny',
  'tiny-q5_1',
  'tiny-q8_0',
  'base',
  'base-q5_1',
  'base-q8_0',
  'small',
  'small-q5_1',
  'small-q8_0',
  'medium',
  'large-v3-turbo',
  'large-v3-turbo-q5_0',
] as const;

/** Name in the environment → check, default and the sentence that the README's table shows. */
export const settings = {
  AUSCULT_DATA: z
    .string()
    .default(paths.data)
    .describe('Directory of the corpus: database, keys, nothing else.'),
  AUSCULT_CACHE: z
    .string()
    .default(paths.cache)
    .describe('Directory of what can be made again: the built engine.'),
  AUSCULT_MODELS: z.string().default(join(paths.cache, 'models')).describe('Directory of the models.'),
  AUSCULT_MASTER_KEY_FILE: z
    .string()
    .optional()
    .describe(
      "The key that wraps every session's key. Default: `master.key` in AUSCULT_DATA, made on first start. Keep a copy elsewhere.",
    ),
  AUSCULT_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on. Browsers give a microphone only to https or localhost.'),
  AUSCULT_PORT: whole(0, 65535).default(8080).describe('Port to listen on; 0 takes a free one.'),
  AUSCULT_TLS_KEY: z
    .string()
    .optional()
    .describe('PEM file of the private key; with AUSCULT_TLS_CERT the server speaks https.'),
  AUSCULT_TLS_CERT: z.string().optional().describe('PEM file of the certificate chain.'),
  AUSCULT_ORIGINS: list
    .default([])
    .describe("Comma-separated origins whose pages may connect, besides the server's own."),
  TRANSPORT: z
    .enum(['auto', 'uws', 'ws'])
    .default('auto')
    .describe('`ws` or `uws` forces a transport; `auto` takes uWebSockets.js where it loads.'),
  AUSCULT_JWT_SECRET: z
    .string()
    .min(32)
    .optional()
    .describe('HS256 secret for tokens of your own making. Default: one kept in AUSCULT_DATA.'),
  AUSCULT_JWKS_URL: z
    .string()
    .url()
    .optional()
    .describe('Key set of your identity provider; tokens signed by it are taken.'),
  AUSCULT_JWT_ISSUER: z.string().default('auscult').describe('`iss` that tokens must have.'),
  AUSCULT_JWT_AUDIENCE: z.string().default('auscult').describe('`aud` that tokens must have.'),
  AUSCULT_LOCAL_LOGIN: flag
    .optional()
    .describe(
      'Print a one-time link at start. Default: only while listening on a loopback address without AUSCULT_JWKS_URL.',
    ),
  WHISPER_URL: list
    .default([])
    .describe(
      "Comma-separated addresses that speak whisper-server's HTTP contract; used instead of processes of ours.",
    ),
  WHISPER_SERVER_BIN: z
    .string()
    .optional()
    .describe('A `whisper-server` to run; otherwise one on PATH, otherwise one that set-up builds.'),
  AUSCULT_WHISPER_MODEL: z
    .enum(whisperModels)
    .default('base')
    .describe(`Speech model: ${whisperModels.join(', ')}.`),
  AUSCULT_WORKERS: whole(1, 64)
    .optional()
    .describe("Engine processes. Default: from the cores and the model's size."),
  AUSCULT_STAND_IN: flag
    .default(true)
    .describe(
      'Without a real engine, use PocketSphinx where it is installed (English, inaccurate, unfit for clinical use).',
    ),
  AUSCULT_LANGUAGE: z
    .string()
    .regex(/^(auto|[a-z]{2,3})$/)
    .default('auto')
    .describe('Language of consultations unless the page says otherwise.'),
  AUSCULT_VOCABULARY: list
    .default([])
    .describe('Comma-separated terms (drugs, names) that the engine is told to expect.'),
  AUSCULT_CONSENT_REQUIRED: flag
    .default(false)
    .describe('Take no audio of a consultation before its consent has been recorded.'),
  AUSCULT_IDLE_THRESHOLD: whole(0, 100)
    .default(50)
    .describe('Background work starts only while at least this percentage of the CPU is idle …'),
  AUSCULT_IDLE_WINDOW: whole(1, 600).default(10).describe('… averaged over this many seconds.'),
  AUSCULT_DIARIZE_PRIORITY: z
    .enum(['normal', 'high'])
    .default('normal')
    .describe('`high`: speakers are worked out during the session whatever the CPU does.'),
  AUSCULT_PHANTOM_SPEECH: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe('A speaker with fewer seconds than this is merged into the nearest one; 0 keeps all.'),
  AUSCULT_VOICE_THRESHOLD: fraction
    .default(0.6)
    .describe('Cosine similarity from which a known voice gives a speaker its name.'),
  FFMPEG: z
    .string()
    .default('ffmpeg')
    .describe('The ffmpeg to run for formats that are not decoded in process.'),
  AUSCULT_MAX_SLICE_BYTES: whole(1024, limits.messageBytes - 65536)
    .default(limits.sliceBytes)
    .describe('Largest slice taken.'),
  AUSCULT_RETENTION_DAYS: whole(0, 36500)
    .default(0)
    .describe('Finished consultations are erased this many days after they were opened; 0 keeps them.'),
  AUSCULT_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
    .default('info')
    .describe('How much the log says. Never transcript text.'),
} as const;

const Settings = z.object(settings);
export type Config = z.infer<typeof Settings> & {
  readonly masterKeyFile: string;
  readonly localLogin: boolean;
  /** PATH: where programs are looked for. */
  readonly searchPath: string;
};

/** The environment does not hold what is needed: one sentence a setting. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** @throws ConfigError naming every setting that is wrong. An empty value counts as not given. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => name in settings && value !== ''),
  );
  const parsed = Settings.safeParse(given);
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'),
    );
  }
  const config = parsed.data;
  if ((config.AUSCULT_TLS_KEY === undefined) !== (config.AUSCULT_TLS_CERT === undefined)) {
    throw new ConfigError('AUSCULT_TLS_KEY and AUSCULT_TLS_CERT go together.');
  }
  return {
    ...config,
    masterKeyFile: config.AUSCULT_MASTER_KEY_FILE ?? join(config.AUSCULT_DATA, 'master.key'),
    searchPath: environment.PATH ?? '',
    localLogin:
      config.AUSCULT_LOCAL_LOGIN ??
      (isLoopback(config.AUSCULT_HOST) && config.AUSCULT_JWKS_URL === undefined),
  };
}
