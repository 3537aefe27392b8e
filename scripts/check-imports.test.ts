import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readModule } from './imports/read-module.ts';
import { findBreaches } from './imports/rules.ts';

const breachesOf = (tree: Record<string, string>) =>
  findBreaches(Object.entries(tree).map(([path, text]) => readModule(path, text)));

const good: Record<string, string> = {
  'shared/events.ts': "import { z } from 'zod'; export const a = 1;",
  'server/main.ts':
    "import { a } from './corpus/sqlite/store.ts'; import { readConfig } from './config.ts'; import './session/sessions.ts';",
  'server/config.ts': 'export const readConfig = () => process.env.PORT;',
  'server/corpus/corpus.ts': "import type { a } from '../../shared/events.ts';",
  'server/corpus/sqlite/store.ts': "import 'node:fs'; import '../corpus.ts'; export const a = 1;",
  'server/corpus/decide.ts':
    "import { a } from '../../shared/events.ts'; import type { b } from './corpus.ts';",
  'server/session/sessions.ts':
    "import { c } from '../corpus/corpus.ts'; import { d } from '../corpus/decide.ts';",
  'server/session/sessions.test.ts': "import '../corpus/sqlite/store.ts'; import '../../fixtures/voices.ts';",
  'client/page.tsx': "import { a } from '../shared/events.ts'; export const page = <p>{a}</p>;",
  'scripts/doctor.ts': "import { readConfig } from '../server/config.ts'; process.env.PATH;",
  'fixtures/voices.ts': "import 'node:fs';",
};

t.test('a house in order has no breach', async (t) => t.same(breachesOf(good), []));

const bad: readonly [string, Record<string, string>, RegExp][] = [
  [
    'shared/ imports the server',
    { 'shared/x.ts': "import '../server/clock.ts'" },
    /shared\/ imports nothing of ours/,
  ],
  ['shared/ imports node:fs', { 'shared/x.ts': "import type { Stats } from 'node:fs'" }, /browsers too/],
  ['the page imports the server', { 'client/x.ts': "export * from '../server/clock.ts'" }, /only shared/],
  ['the page imports node:fs', { 'client/x.ts': "import 'node:fs'" }, /browsers/],
  [
    'the server imports the page',
    { 'server/x.ts': "await import('../client/page.tsx')" },
    /never imports client/,
  ],
  [
    'the server imports a script',
    { 'server/x.ts': "import '../scripts/doctor.ts'" },
    /never imports scripts/,
  ],
  [
    'the server imports a fixture',
    { 'server/ops/x.ts': "import '../../fixtures/voices.ts'" },
    /never imports fixtures/,
  ],
  [
    'a room imports another outside its ports',
    { 'server/ops/x.ts': "import '../session/sessions.ts'" },
    /no arrow leads from the room ops to session/,
  ],
  [
    'a room picks an adapter, be it by a type',
    { 'server/ops/x.ts': "import type { a } from '../corpus/sqlite/store.ts'" },
    /only server\/main.ts picks adapters/,
  ],
  [
    'a room reads the settings',
    { 'server/ops/x.ts': "import { readConfig } from '../config.ts'" },
    /reads the settings/,
  ],
  [
    'a room reads the environment',
    { 'server/ops/x.ts': "const { HOME } = process['env'];" },
    /read the environment/,
  ],
  ['… by its import', { 'server/ops/x.ts': "import { env } from 'node:process';" }, /read the environment/],
  [
    'a pure file imports node:fs',
    { 'server/corpus/decide.ts': "import 'node:fs'" },
    /pure and reaches node:fs/,
  ],
  [
    'a pure file reaches node:fs through another',
    { 'server/corpus/decide.ts': "import './x.ts'", 'server/corpus/x.ts': "import 'node:fs'" },
    /pure and reaches server\/corpus\/x.ts → node:fs/,
  ],
  [
    'a circle, types included',
    {
      'server/ops/a.ts': "import './b.ts'",
      'server/ops/b.ts': "export type { c } from './c.ts'",
      'server/ops/c.ts': "let x: import('./a.ts').A;",
    },
    /circle: server\/ops\/a.ts → server\/ops\/b.ts → server\/ops\/c.ts → server\/ops\/a.ts/,
  ],
  ['the program imports a test', { 'server/ops/x.ts': "import './x.test.ts'" }, /made for tests/],
];
for (const [name, tree, expected] of bad) {
  t.test(`found: ${name}`, async (t) => {
    const breaches = breachesOf({ ...good, ...tree });
    t.equal(breaches.length, 1, breaches.join('\n'));
    t.match(breaches[0], expected);
  });
}

t.test('the command names the breach and ends with 1', async (t) => {
  const root = t.testdir({ shared: { 'x.ts': "import '../server/y.ts'" }, server: { 'y.ts': '' } });
  const script = fileURLToPath(new URL('check-imports.ts', import.meta.url));
  const result = spawnSync(process.execPath, ['--import', 'tsx', script, root], { encoding: 'utf8' });
  t.equal(result.status, 1);
  t.match(result.stdout, '✗ shared/x.ts → server/y.ts: shared/ imports nothing of ours outside shared/');
});
