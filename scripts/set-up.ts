/** What `npm start` does before the server: finds or makes what is missing and says what it could not. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Config, ConfigError, readConfig } from '../server/config.ts';
import { diarizationFiles, type ModelFile, whisperFiles } from '../server/model-table.ts';
import { findWhisperPrograms } from '../server/speech/engines/engine-of-settings.ts';
import { findWhisperServer } from '../server/speech/engines/find-whisper-server.ts';
import { quantisedModel } from '../server/speech/engines/quantised-model.ts';
import { withLock } from './bootstrap/lock.mjs';
import { ensureEngine } from './setup/engine.ts';
import { readHub } from './setup/hub.ts';
import { ensureModels, inspectModel, type MissingModel } from './setup/models.ts';
import { ensurePage } from './setup/page.ts';
import { createProgress, type Progress } from './setup/progress.ts';
import { runSteps, type StepResult } from './setup/report.ts';
import { ensureSystemPackages, systemPackages } from './setup/system-packages.ts';
import { buildWhisperServer } from './setup/whisper-server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string) => process.stderr.write(`${line}\n`);

/** Models that fail for one reason are told in one sentence. */
function describeMissing(missing: readonly MissingModel[]): StepResult[] {
  const byReason = groupByReason(missing);
  return [...byReason.values()].map(([first, ...others]) => ({
    name: 'Models',
    state: 'missing' as const,
    what: `${[first!, ...others].map(({ model }) => model.file).join(', ')}: ${first!.why}`,
    remedy: first!.remedy,
  }));
}

function groupByReason(missing: readonly MissingModel[]) {
  const groups = new Map<string, MissingModel[]>();
  for (const each of missing) {
    const key = each.why + each.remedy;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}

/** Here rather than when the server starts, which would keep whoever started it waiting without a word. */
async function quantiseForSettings(config: Config, modelPath: string): Promise<void> {
  const { quantiser } = await findWhisperPrograms(config);
  if (quantiser === undefined) return;
  await quantisedModel(modelPath, quantiser, () =>
    say(
      'Making a copy of the speech model with weights of eight bits, once: seconds, a minute for a large one.',
    ),
  );
}

async function setUp(): Promise<boolean> {
  const config = readConfig();
  const speechModel = whisperFiles[config.AUSCULT_WHISPER_MODEL];
  const wanted: ModelFile[] = [
    ...(config.WHISPER_URL.length > 0 ? [] : [speechModel]),
    ...Object.values(diarizationFiles),
  ];
  const results = await runSteps(
    [
      { name: 'System packages', run: async () => ensureSystemPackages([systemPackages.ffmpeg], say) },
      {
        name: 'Models',
        async run() {
          let current: { model: ModelFile; progress: Progress } | undefined;
          const missing = await ensureModels({
            models: wanted,
            directory: config.AUSCULT_MODELS,
            hub: readHub(),
            say,
            onProgress(model, received, total) {
              if (current?.model !== model) {
                current?.progress.stop();
                current = { model, progress: createProgress(model.file) };
              }
              current.progress.update(received, total);
            },
          });
          current?.progress.stop();
          if (missing.length > 0) return describeMissing(missing);
          return { name: 'Models', state: 'ready', what: `${wanted.length} in ${config.AUSCULT_MODELS}.` };
        },
      },
      {
        name: 'Engine',
        async run() {
          const hasModel = (await inspectModel(speechModel, config.AUSCULT_MODELS)).state === 'verified';
          const searchPath = process.env.PATH ?? '';
          const servers = { find: findWhisperServer, build: buildWhisperServer };
          const result = await ensureEngine({ config, searchPath, servers, hasModel, say });
          if (hasModel && result.state === 'ready') {
            await quantiseForSettings(config, join(config.AUSCULT_MODELS, speechModel.file));
          }
          return result;
        },
      },
      {
        name: 'Page',
        run: () =>
          withLock(
            `${root}.setup-lock`,
            () => {},
            () => ensurePage(root),
          ),
      },
    ],
    say,
  );
  // Whatever else is missing, a server with its page is of use: it records.
  return results.every(({ name, state }) => name !== 'Page' || state === 'ready');
}

try {
  process.exitCode = (await setUp()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  say(`✗ Settings: ${error.message}`);
  process.exitCode = 1;
}
