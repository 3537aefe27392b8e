import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type EnsureEngineOptions, ensureEngine } from './engine.ts';
import { readHub } from './hub.ts';
import { pageIsStale } from './page.ts';
import { createProgress } from './progress.ts';
import { runSteps } from './report.ts';
import { ensureSystemPackages, type SystemPackage } from './system-packages.ts';

const config = {
  WHISPER_URL: [],
  WHISPER_SERVER_BIN: undefined,
  AUSCULT_CACHE: '/nowhere',
  AUSCULT_STAND_IN: true,
};
const nobody = { canInstall: () => false, install: () => undefined };

async function engine(more: Partial<EnsureEngineOptions>) {
  const asked: string[] = [];
  const servers = {
    find: async () => {
      asked.push('find');
      return undefined;
    },
    build: async () => {
      asked.push('build');
      return '/built/whisper-server';
    },
  };
  const options = { config, searchPath: '', servers, hasModel: true, say: () => {}, installer: nobody };
  return { result: await ensureEngine({ ...options, ...more }), asked };
}

t.test('an engine: the address first, and nothing is looked for', async (t) => {
  const { result, asked } = await engine({ config: { ...config, WHISPER_URL: ['http://gpu:8081'] } });
  t.match(result, { state: 'ready', what: /http:\/\/gpu:8081/ });
  t.same(asked, []);
});

t.test('an engine: without a model nobody waits for a compiler', async (t) => {
  const { result, asked } = await engine({ hasModel: false, config: { ...config, AUSCULT_STAND_IN: false } });
  t.match(result, { state: 'missing', what: /text is owed/, remedy: /WHISPER_URL/ });
  t.same(asked, []);
});

t.test('an engine: the stand-in is never called ready', async (t) => {
  const { result } = await engine({ hasModel: false });
  t.match(result, { state: 'missing', what: /unfit for clinical use|text is owed/ });
});

t.test('an engine: a binary that is found is not built again', async (t) => {
  const built: string[] = [];
  const { result } = await engine({
    servers: { find: async () => '/opt/whisper-server', build: async () => String(built.push('x')) },
  });
  t.match(result, { state: 'ready', what: /\/opt\/whisper-server/ });
  t.same(built, []);
});

t.test('system packages are installed where that may be, and named in one sentence where not', async (t) => {
  const installed = new Set<string>();
  const wanted: SystemPackage[] = ['sox', 'flac'].map((name) => ({
    name,
    purpose: `${name} files`,
    isThere: () => installed.has(name),
  }));
  const refused = ensureSystemPackages(wanted, () => {}, nobody);
  t.match(refused, { state: 'missing', what: /^sox, flac missing; without: sox files, flac files\.$/ });
  t.match(refused.remedy, /apt-get install sox flac/);
  const calls: (readonly string[])[] = [];
  const installer = {
    canInstall: () => true,
    install: (names: readonly string[]) => {
      calls.push(names);
      for (const name of names) installed.add(name);
      return undefined;
    },
  };
  t.match(
    ensureSystemPackages(wanted, () => {}, installer),
    { state: 'ready' },
  );
  t.match(
    ensureSystemPackages(wanted, () => {}, installer),
    { state: 'ready' },
  );
  t.same(calls, [['sox', 'flac']], 'the second run installs nothing');
});

t.test('a step that throws is told in a sentence and the next one runs', async (t) => {
  const said: string[] = [];
  const results = await runSteps(
    [
      { name: 'A', run: () => Promise.reject(new Error('it broke.\n    at somewhere (x.ts:1:2)')) },
      { name: 'B', run: async () => ({ name: 'B', state: 'ready', what: 'fine.' }) },
    ],
    (line) => said.push(line),
  );
  t.match(results, [{ state: 'missing' }, { state: 'ready' }]);
  t.match(said[0], /^✗ A: it broke\.\n/);
  t.notMatch(said.join('\n'), /at somewhere/);
});

t.test('the page is stale when it is missing or older than a source', async (t) => {
  const root = t.testdir({ client: { 'page.tsx': '' }, shared: {} });
  t.equal(await pageIsStale(root), true);
  mkdirSync(join(root, 'dist/client'), { recursive: true });
  const index = join(root, 'dist/client/index.html');
  writeFileSync(index, '');
  utimesSync(join(root, 'client/page.tsx'), 1000, 1000);
  utimesSync(index, 2000, 2000);
  t.equal(await pageIsStale(root), false);
  utimesSync(join(root, 'client/page.tsx'), 3000, 3000);
  t.equal(await pageIsStale(root), true);
});

t.test('without a terminal progress is a line for each tenth', async (t) => {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream;
  const progress = createProgress('x', stream);
  for (let done = 0; done <= 1000; done += 10) progress.update(done * 2 ** 20, 1000 * 2 ** 20);
  t.equal(lines.length, 11);
  t.equal(lines.at(-1), 'x: 1000.0 MiB of 1000.0 MiB\n');
});

t.test('HF_ENDPOINT is checked', async (t) => {
  t.same(readHub({}), { endpoint: 'https://huggingface.co', token: undefined });
  t.throws(() => readHub({ HF_ENDPOINT: 'mirror' }), /HF_ENDPOINT is no address/);
});
