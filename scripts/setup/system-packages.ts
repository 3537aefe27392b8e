/** Programs that come with the system: installed by apt as root on Debian, named in one sentence elsewhere. */
import { existsSync } from 'node:fs';
import { aptInstall, canInstall, findOnPath } from '../bootstrap/apt.mjs';
import type { Say, StepResult } from './report.ts';

export interface SystemPackage {
  /** Debian's name. */
  readonly name: string;
  /** What goes without it. */
  readonly purpose: string;
  isThere(): boolean;
}

const program = (name: string, purpose: string, ...programs: string[]): SystemPackage => ({
  name,
  purpose,
  isThere: () => (programs.length ? programs : [name]).some((each) => findOnPath(each) !== undefined),
});

export const systemPackages = {
  ffmpeg: program('ffmpeg', 'audio that is neither WebM/Opus, Ogg/Opus nor WAV'),
  cmake: program('cmake', 'building whisper-server'),
  compiler: program('g++', 'building whisper-server and native modules', 'g++', 'c++', 'clang++'),
  make: program('make', 'building whisper-server and native modules', 'make', 'gmake', 'ninja'),
  chromium: program('chromium', 'tests in a real browser', 'chromium', 'chromium-browser', 'google-chrome'),
  espeak: program('espeak-ng', 'tests with two voices'),
  pocketsphinx: program('pocketsphinx', 'the stand-in recogniser', 'pocketsphinx', 'pocketsphinx_continuous'),
  pocketsphinxModel: {
    name: 'pocketsphinx-en-us',
    purpose: 'the stand-in recogniser',
    isThere: () => existsSync('/usr/share/pocketsphinx/model/en-us'),
  },
} as const satisfies Record<string, SystemPackage>;

export interface Installer {
  canInstall(): boolean;
  install(names: readonly string[]): string | undefined;
}

const apt: Installer = { canInstall, install: aptInstall };

/** Installs what is not there, if it may; says in one sentence what is not. */
export function ensureSystemPackages(
  wanted: readonly SystemPackage[],
  say: Say,
  installer: Installer = apt,
): StepResult {
  const name = 'System packages';
  const isMissing = (each: SystemPackage) => !each.isThere();
  let missing = wanted.filter(isMissing);
  if (missing.length === 0) {
    return { name, state: 'ready', what: `${wanted.map((each) => each.name).join(', ')} are there.` };
  }
  let failure: string | undefined;
  if (installer.canInstall()) {
    say(`Installing ${missing.map((each) => each.name).join(', ')} with apt-get.`);
    failure = installer.install(missing.map((each) => each.name));
    missing = missing.filter(isMissing);
    if (missing.length === 0) return { name, state: 'ready', what: 'all of them are installed now.' };
  }
  const purposes = [...new Set(missing.map((each) => each.purpose))].join(', ');
  const names = missing.map((each) => each.name).join(' ');
  return {
    name,
    state: 'missing',
    what: `${missing.map((each) => each.name).join(', ')} missing${failure ? ` (${failure})` : ''}; without: ${purposes}.`,
    remedy: `Install by \`apt-get install ${names}\` or your system's equivalent, then run the command again.`,
  };
}
