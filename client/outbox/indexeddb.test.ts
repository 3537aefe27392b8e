import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { build } from 'vite';
import { chromiumMissing, startBrowser } from '../../fixtures/page/browser.ts';
import { startFakeServer } from '../../fixtures/page/fake-server.ts';
import type { OutboxSuite } from './browser-entry.ts';
import { outboxContract } from './contract.ts';

declare const suite: OutboxSuite;

t.test('the outbox on a real IndexedDB', { skip: chromiumMissing }, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'auscult-outbox-'));
  const entry = fileURLToPath(new URL('./browser-entry.ts', import.meta.url));
  const lib = { entry, formats: ['es' as const], fileName: () => 'suite.js' };
  await build({
    configFile: false,
    logLevel: 'error',
    build: { outDir: directory, lib, emptyOutDir: false },
  });
  await writeFile(join(directory, 'index.html'), '<script type="module" src="/suite.js"></script>');
  const server = await startFakeServer({ directory, text: [] });
  const browser = await startBrowser();
  t.teardown(async () => {
    await browser.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  const page = await browser.context.newPage();
  const open = async () => {
    await page.goto(`http://127.0.0.1:${server.port}/`);
    await page.waitForFunction('globalThis.suite !== undefined');
  };
  await open();

  for (const name of Object.keys(outboxContract)) {
    t.equal(await page.evaluate((each) => suite.run(each), name), '', `IndexedDB: ${name}`);
  }

  const secret = 'the patient said';
  await page.evaluate((text) => suite.put(text), secret);
  await open();
  t.equal(await page.evaluate(() => suite.get()), secret, '[I3] a slice survives a reload');
  const found = await page.evaluate(() => suite.look());
  t.ok(found.bytes.length > secret.length);
  t.notOk(found.bytes.includes(secret), '[I3] what lies in the database is not readable');
  t.notOk(found.extractable || found.exported, '[I3] nor can the key be read out');
});
