import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { localAddress, readServerFile, removeServerFile, writeServerFile } from './server-file.ts';

t.test('the address is for this account alone, replaced by a newer one, gone when removed', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'auscult-server-file-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  t.equal(readServerFile(directory), undefined);
  writeServerFile(directory, { address: 'http://127.0.0.1:1', pid: 1 });
  writeServerFile(directory, { address: 'http://127.0.0.1:8080', pid: 2 });
  t.same(readServerFile(directory), { address: 'http://127.0.0.1:8080', pid: 2 });
  t.equal(statSync(join(directory, 'server.json')).mode & 0o777, 0o600);
  removeServerFile(directory);
  removeServerFile(directory);
  t.equal(readServerFile(directory), undefined);
  writeFileSync(join(directory, 'server.json'), '{"address": 7');
  t.equal(readServerFile(directory), undefined, 'what cannot be understood is no address');
});

t.test('a server that listens everywhere is reached at home', async (t) => {
  const at = (host: string, secure = false) => localAddress({ host, port: 8080, secure });
  t.equal(at('127.0.0.1'), 'http://127.0.0.1:8080');
  t.equal(at('0.0.0.0', true), 'https://127.0.0.1:8080');
  t.equal(at('::'), 'http://[::1]:8080');
  t.equal(at('::1'), 'http://[::1]:8080');
  t.equal(at('192.0.2.7'), 'http://192.0.2.7:8080');
});
