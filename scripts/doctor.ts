/** `npm run doctor [-- --json]`: every prerequisite, ✓ or ✗, and the remedy; ends with 1 if one is lacking. */
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ConfigError, readConfig } from '../server/config.ts';
import { diarizationFiles, whisperFiles } from '../server/model-table.ts';
import { describeFindings, examine, isHealthy, lacking } from './doctor/check.ts';
import {
  checkClock,
  checkDisk,
  checkMasterKey,
  checkModels,
  checkPort,
  checkWritable,
} from './doctor/machine.ts';
import {
  checkEngine,
  checkFfmpeg,
  checkNativeModules,
  checkNode,
  checkSystemPackages,
} from './doctor/software.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function findings() {
  const config = readConfig();
  const remote = config.WHISPER_URL.length > 0;
  const models = [
    ...(remote ? [] : [{ model: whisperFiles[config.AUSCULT_WHISPER_MODEL], optional: false }]),
    ...Object.values(diarizationFiles).map((model) => ({ model, optional: true })),
  ];
  const { mtimeMs: writtenAt } = await stat(`${root}package-lock.json`);
  return examine({
    'Node.js': checkNode(process.versions.node),
    'native modules': checkNativeModules(root),
    'system packages': checkSystemPackages,
    FFMPEG: checkFfmpeg(config),
    engine: checkEngine(config, process.env.PATH ?? ''),
    models: checkModels(models, config.AUSCULT_MODELS),
    data: checkWritable(config.AUSCULT_DATA),
    disk: checkDisk(config.AUSCULT_DATA),
    port: checkPort(config.AUSCULT_HOST, config.AUSCULT_PORT),
    'master key': checkMasterKey(config.masterKeyFile),
    clock: checkClock(Date.now(), writtenAt),
  });
}

const found = await findings().catch((error: unknown) => {
  if (!(error instanceof ConfigError)) throw error;
  return [lacking('settings', error.message, 'Correct it in the environment (README, "Settings").')];
});
const healthy = isHealthy(found);
if (process.argv.includes('--json')) console.log(JSON.stringify({ healthy, findings: found }, null, 2));
else console.log(describeFindings(found));
process.exitCode = healthy ? 0 : 1;
