/** The page, bundled by Vite into `dist/client`, made again only when its sources are newer. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build } from 'vite';
import type { StepResult } from './report.ts';

async function newestIn(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const times = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs);
  return Math.max(0, ...(await Promise.all(times)));
}

/** Whether the bundle is missing or older than anything that goes into it. */
export async function pageIsStale(root: string): Promise<boolean> {
  const built = await stat(join(root, 'dist/client/index.html')).catch(() => undefined);
  if (built === undefined) return true;
  const sources = ['client', 'shared', 'package-lock.json'];
  const newest = await Promise.all(sources.map((source) => newestIn(join(root, source))));
  return Math.max(...newest) > built.mtimeMs;
}

export async function ensurePage(root: string): Promise<StepResult> {
  const name = 'Page';
  if (!(await pageIsStale(root))) return { name, state: 'ready', what: 'it is built.' };
  // Vite finds its configuration in the page's directory by itself.
  await build({
    root: join(root, 'client'),
    logLevel: 'silent',
    build: { outDir: join(root, 'dist/client'), emptyOutDir: true },
  }).catch((error: Error) => {
    const lines = stripVTControlCharacters(error.message)
      .split('\n')
      .filter((line) => line.trim() !== '');
    throw Object.assign(new Error(`it cannot be built: ${lines.slice(0, 2).join(' ')}`), {
      remedy: 'If the sources were changed here, mend them; otherwise check out the release again.',
    });
  });
  return { name, state: 'ready', what: 'it was built.' };
}
