import { chmodSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { describeFindings, examine, fine, isHealthy, lacking } from './check.ts';
import { checkClock, checkDisk, checkMasterKey, checkPort } from './machine.ts';
import { checkEngine, checkNode } from './software.ts';

t.test('a table with a remedy for each ✗; what is optional does not make it ill', async (t) => {
  const findings = await examine({
    a: async () => fine('a', 'there'),
    b: async () => [lacking('b', 'not there', 'Install b.', true)],
    c: () => Promise.reject(new Error('broken\nat x')),
  });
  t.match(describeFindings(findings), /✓ a .*\n✗ b +optional +not there\n +→ Install b\.\n✗ c +broken\n/);
  t.equal(isHealthy(findings), false);
  t.equal(isHealthy(findings.slice(0, 2)), true);
});

t.test('Node, disk, clock and master key', async (t) => {
  t.match(await checkNode('18.20.0')(), { ok: false, remedy: /20\.19/ });
  t.match(await checkNode('20.19.0')(), { ok: true });
  t.match(await checkDisk('/nowhere/at/all')(), { found: /GiB free/ });
  t.match(await checkDisk('/', async () => 1000)(), { ok: false, remedy: /AUSCULT_DATA/ });
  t.match(await checkClock(0, 1)(), { ok: false });
  t.match(await checkClock(2, 1)(), { ok: true });
  const directory = t.testdir({ key: 'x' });
  chmodSync(join(directory, 'key'), 0o644);
  t.match(await checkMasterKey(join(directory, 'key'))(), { ok: false, remedy: /chmod 600/ });
  chmodSync(join(directory, 'key'), 0o600);
  t.match(await checkMasterKey(join(directory, 'key'))(), { ok: true });
  t.match(await checkMasterKey(join(directory, 'none'))(), { ok: true });
});

t.test('a port that is taken, and an engine that does not answer', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  t.match(await checkPort('127.0.0.1', port)(), { ok: false, found: /EADDRINUSE/ });
  await new Promise((resolve) => server.close(resolve));
  t.match(await checkPort('127.0.0.1', port)(), { ok: true });
  const config = {
    WHISPER_URL: [`http://127.0.0.1:${port}`],
    WHISPER_SERVER_BIN: undefined,
    AUSCULT_CACHE: '/nowhere',
  };
  t.match(await checkEngine(config, '')(), [{ ok: false, found: /does not answer/ }]);
});
