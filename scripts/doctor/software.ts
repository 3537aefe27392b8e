/** Node, native modules, compiler, ffmpeg, engine. */
import type { Config } from '../../server/config.ts';
import { findWhisperServer } from '../../server/speech/engines/find-whisper-server.ts';
import { findOnPath } from '../bootstrap/apt.mjs';
import { nativeModules, oldestNode, whyNotLoading } from '../bootstrap/packages.mjs';
import { type SystemPackage, systemPackages } from '../setup/system-packages.ts';
import { type Check, type Finding, fine, lacking } from './check.ts';

export const checkNode =
  (version: string): Check =>
  async () => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const enough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
    return enough
      ? fine('Node.js', version)
      : lacking('Node.js', version, `Install ${oldestNode.join('.')} or newer from https://nodejs.org.`);
  };

/** The page's socket falls back to `ws` where the first of these does not load. */
const uws = 'uWebSockets.js';

export const checkNativeModules =
  (root: string): Check =>
  async () =>
    [...Object.keys(nativeModules), uws].map((name): Finding => {
      const reason = whyNotLoading(root, name);
      if (reason === undefined) return fine(name, 'loads', name === uws);
      if (name === uws) return lacking(name, reason, 'Nothing to do: ws is used instead.', true);
      return lacking(name, reason, `Run \`npm rebuild ${name}\`, with python3, make and g++ installed.`);
    });

const checkSystemPackage = ({ name, purpose, isThere }: SystemPackage): Finding =>
  isThere()
    ? fine(name, 'installed', true)
    : lacking(name, `not installed; without: ${purpose}`, `Install it: apt-get install ${name}.`, true);

export const checkSystemPackages: Check = async () =>
  Object.values(systemPackages as Record<string, SystemPackage>).map(checkSystemPackage);

export const checkFfmpeg =
  ({ FFMPEG }: Pick<Config, 'FFMPEG'>): Check =>
  async () => {
    const path = FFMPEG.includes('/') ? FFMPEG : findOnPath(FFMPEG);
    return path === undefined
      ? lacking('FFMPEG', `no ${FFMPEG} on PATH`, 'Install ffmpeg or set FFMPEG to its path.', true)
      : fine('FFMPEG', path, true);
  };

/** Each address of WHISPER_URL is asked; otherwise a binary is looked for. */
export const checkEngine =
  (config: Pick<Config, 'WHISPER_URL' | 'WHISPER_SERVER_BIN' | 'AUSCULT_CACHE'>, searchPath: string): Check =>
  async () => {
    if (config.WHISPER_URL.length > 0) return Promise.all(config.WHISPER_URL.map(checkAddress));
    const bin = config.WHISPER_SERVER_BIN;
    const found = await findWhisperServer({
      cacheDirectory: config.AUSCULT_CACHE,
      searchPath,
      ...(bin === undefined ? {} : { bin }),
    });
    if (found !== undefined) return fine('whisper-server', found);
    const remedy = 'Run `npm start` with the speech model at hand (it is built then), or set WHISPER_URL.';
    return lacking('whisper-server', 'none on PATH and none built', remedy);
  };

async function checkAddress(address: string): Promise<Finding> {
  try {
    // Any answer will do: what is asked is whether something listens there.
    const { status } = await fetch(address, { signal: AbortSignal.timeout(4000) });
    return fine('WHISPER_URL', `${address} answers (${status})`);
  } catch {
    return lacking(
      'WHISPER_URL',
      `${address} does not answer`,
      'Start the engine there or correct WHISPER_URL.',
    );
  }
}
