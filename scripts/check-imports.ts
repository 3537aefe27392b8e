/** Says where the sources break the directions of the house; ends with 1 if they do. */
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readModule } from './imports/read-module.ts';
import { findBreaches } from './imports/rules.ts';

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url));

async function sourcesIn(directory: string) {
  const entries = await readdir(join(root, directory), { recursive: true, withFileTypes: true }).catch(
    () => [],
  );
  const paths = entries
    .filter((entry) => entry.isFile() && /\.(tsx?|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) => !path.split(sep).some((part) => part === 'node_modules' || part.startsWith('tap-testdir')),
    );
  return Promise.all(
    paths.map(async (path) =>
      readModule(relative(root, path).split(sep).join('/'), await readFile(path, 'utf8')),
    ),
  );
}

const sources = (
  await Promise.all(['shared', 'server', 'client', 'scripts', 'fixtures'].map(sourcesIn))
).flat();
const breaches = findBreaches(sources.sort((a, b) => (a.path < b.path ? -1 : 1)));
for (const breach of breaches) console.log(`✗ ${breach}`);
if (breaches.length === 0) console.log(`${sources.length} files keep to the directions of the house.`);
process.exitCode = breaches.length === 0 ? 0 : 1;
