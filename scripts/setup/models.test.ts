import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { ModelFile, ModelSource } from '../../server/model-table.ts';
import type { Hub } from './download.ts';
import { type HubStandIn, type Play, startHubStandIn } from './hub-stand-in.ts';
import { ensureModels, inspectModel } from './models.ts';

const body = randomBytes(300_000);
const sum = (algorithm: string, bytes: Buffer) => createHash(algorithm).update(bytes).digest('hex');
const source: ModelSource = {
  repository: 'someone/models',
  revision: 'main',
  path: 'dir/a.bin',
  hash: { algorithm: 'sha1', hex: sum('sha1', body) },
};
const { hash: _published, ...unhashed } = source;
const address = (where: ModelSource) => `/${where.repository}/resolve/${where.revision}/${where.path}`;
const model = (...sources: [ModelSource, ...ModelSource[]]): ModelFile => ({
  file: 'a.bin',
  purpose: 'tests',
  licence: 'MIT',
  about: body.length,
  sources,
});

let hub: HubStandIn;
t.beforeEach(async () => {
  hub = await startHubStandIn();
});
t.afterEach(async () => hub.close());

async function fetchModel(
  directory: string,
  wanted: ModelFile,
  more: Partial<Hub> = {},
  freeBytes?: () => Promise<number>,
) {
  const progress: number[] = [];
  const missing = await ensureModels({
    models: [wanted],
    directory,
    hub: { endpoint: hub.endpoint, firstPauseMs: 1, retries: 3, ...more },
    say: () => {},
    onProgress: (_model, received) => {
      progress.push(received);
      hub.arrived(received);
    },
    ...(freeBytes ? { freeBytes } : {}),
  });
  return { missing, progress, path: join(directory, wanted.file) };
}

const play = (settings: Partial<Play> = {}, where: ModelSource = source) =>
  hub.play(address(where), { body, ...settings });

t.test('a model arrives through the redirect, verified and in place, and is not fetched again', async (t) => {
  play({ redirect: true });
  const directory = t.testdir();
  const { missing, path, progress } = await fetchModel(directory, model(source));
  t.same(missing, []);
  t.ok(readFileSync(path).equals(body));
  t.equal(progress.at(-1), body.length);
  t.notOk(existsSync(`${path}.part`));
  t.match(await inspectModel(model(source), directory), { state: 'verified', by: 'published hash' });
  await fetchModel(directory, model(source));
  t.equal(hub.seen.length, 1);
});

t.test('the token goes to the hub and not to the host that it redirects to', async (t) => {
  play({ redirect: true, token: 'hf_secret' });
  const { missing } = await fetchModel(t.testdir(), model(source), { token: 'hf_secret' });
  t.same(missing, []);
  t.same(
    hub.seen.map((each) => each.authorization),
    ['Bearer hf_secret'],
  );
  t.same(
    hub.cdnSeen.map((each) => each.authorization),
    [undefined],
  );
});

t.test('a cut connection is taken up again where it was cut', async (t) => {
  play({ redirect: true, cutAfter: 100_000, times: 2 });
  const { missing, path } = await fetchModel(t.testdir(), model(source));
  t.same(missing, []);
  t.ok(readFileSync(path).equals(body));
  const [first, second, third] = hub.cdnSeen;
  t.equal(first?.range, undefined);
  t.match(second?.range, /^bytes=[1-9]\d*-$/);
  t.match(third?.range, /^bytes=[1-9]\d*-$/);
});

t.test('what a cut left behind is used by the next run', async (t) => {
  const directory = t.testdir();
  play({ cutAfter: 100_000 });
  const cut = await fetchModel(directory, model(source), { retries: 0 });
  t.match(cut.missing, [{ why: /broke in the middle/, remedy: /goes on where it was cut/ }]);
  t.ok(existsSync(`${cut.path}.part`));
  t.notOk(existsSync(cut.path));
  play();
  const { missing, path } = await fetchModel(directory, model(source));
  t.same(missing, []);
  t.match(hub.seen.at(-1)?.range, /^bytes=[1-9]\d*-$/);
  t.ok(readFileSync(path).equals(body));
});

t.test('a half file of an older version is not continued with bytes of a newer one', async (t) => {
  const directory = t.testdir();
  hub.play(address(source), { body: randomBytes(300_000), cutAfter: 100_000 });
  await fetchModel(directory, model(source), { retries: 0 });
  play();
  const { missing, path } = await fetchModel(directory, model(source));
  t.same(missing, []);
  t.ok(readFileSync(path).equals(body));
});

t.test('a server without ranges sends the whole file again', async (t) => {
  play({ cutAfter: 100_000, times: 1, ranges: false });
  const { missing, path } = await fetchModel(t.testdir(), model(source));
  t.same(missing, []);
  t.ok(readFileSync(path).equals(body));
});

t.test('wrong bytes are deleted, and one sentence says so', async (t) => {
  const wrong = Buffer.from(body);
  wrong[1234]! ^= 1;
  hub.play(address(source), { body: wrong });
  const { missing, path } = await fetchModel(t.testdir(), model(source));
  t.match(missing, [{ why: /is not the published file .*SHA1.*deleted\.$/, remedy: /HF_ENDPOINT/ }]);
  t.notOk(existsSync(path));
  t.notOk(existsSync(`${path}.part`));
  t.equal(hub.seen.length, 1, 'wrong bytes are not asked for again');
});

t.test('a wrong size is refused before a byte is stored', async (t) => {
  play();
  const { missing, path, progress } = await fetchModel(t.testdir(), model({ ...source, bytes: 299_999 }));
  t.match(missing, [{ why: /300000 bytes instead of 299999/ }]);
  t.same(progress, []);
  t.notOk(existsSync(`${path}.part`));
});

t.test('without a published hash the X-Linked-Etag is checked and written beside the file', async (t) => {
  const directory = t.testdir();
  play({ redirect: true, linkedEtag: sum('sha256', body) }, unhashed);
  const { missing, path } = await fetchModel(directory, model(unhashed));
  t.same(missing, []);
  t.match(JSON.parse(readFileSync(`${path}.verified.json`, 'utf8')), {
    bytes: body.length,
    hash: { algorithm: 'sha256', hex: sum('sha256', body) },
    verifiedBy: 'X-Linked-Etag',
  });
  t.match(await inspectModel(model(unhashed), directory, { afresh: true }), { state: 'verified' });
});

t.test('an X-Linked-Etag that does not fit, or none at all, keeps nothing', async (t) => {
  play({ linkedEtag: sum('sha256', randomBytes(8)) }, unhashed);
  const other = await fetchModel(t.testdir(), model(unhashed));
  t.match(other.missing, [{ why: /is not the published file/ }]);
  play({}, unhashed);
  const none = await fetchModel(t.testdir(), model(unhashed));
  t.match(none.missing, [{ why: /states none/ }]);
  t.notOk(existsSync(none.path));
  t.notOk(existsSync(`${none.path}.part`));
});

t.test('401 names the token, 404 the address, and the second source is tried', async (t) => {
  play({ token: 'hf_secret' });
  const refused = await fetchModel(t.testdir(), model(source));
  t.match(refused.missing, [{ why: /does not hand out .*\(401\)/, remedy: /HF_TOKEN/ }]);
  const gone = { ...source, path: 'gone.bin' };
  const absent = await fetchModel(t.testdir(), model(gone));
  t.match(absent.missing, [{ why: /has no .*\(404\)/, remedy: /HF_ENDPOINT/ }]);
  play();
  const second = await fetchModel(t.testdir(), model(gone, source));
  t.same(second.missing, []);
});

t.test('503 is asked again, and given up with one sentence', async (t) => {
  play({ status: 503, times: 2 });
  const { missing } = await fetchModel(t.testdir(), model(source));
  t.same(missing, []);
  t.equal(hub.seen.length, 3);
  play({ status: 503 });
  const never = await fetchModel(t.testdir(), model(source));
  t.match(never.missing, [{ why: /at the moment \(503\)/, remedy: /later/ }]);
  t.equal(hub.seen.length, 3 + 4);
});

t.test('an unreachable hub is asked once for all models, with one sentence each way', async (t) => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  const said: string[] = [];
  const missing = await ensureModels({
    models: [model(source), { ...model(source), file: 'b.bin' }],
    directory: t.testdir(),
    hub: { endpoint: `http://127.0.0.1:${port}` },
    say: (line) => said.push(line),
  });
  t.equal(missing.length, 2);
  t.equal(said.length, 1);
  for (const { why, remedy } of missing) {
    t.match(why, /^[^\n]*cannot be reached from here \(ECONNREFUSED\)\.$/);
    t.match(remedy, /^[^\n]*HF_ENDPOINT[^\n]*\.$/);
  }
});

t.test('a full disk is noticed before the download', async (t) => {
  play();
  const { missing, progress } = await fetchModel(t.testdir(), model(source), {}, async () => 1_000_000);
  t.match(missing, [{ why: /0 MiB free and 65 MiB are needed/, remedy: /AUSCULT_MODELS/ }]);
  t.same(progress, []);
});

t.test(
  'a file put there by hand counts if its bytes are the published ones, and is left alone if not',
  async (t) => {
    const directory = t.testdir({ 'a.bin': body });
    t.same((await fetchModel(directory, model(source))).missing, []);
    writeFileSync(join(directory, 'a.bin'), randomBytes(10));
    const { missing, path } = await fetchModel(directory, model(source));
    t.match(missing, [{ why: /is not the published file/, remedy: /Delete it/ }]);
    t.equal(readFileSync(path).length, 10);
    t.equal(hub.seen.length, 0);
  },
);

t.test('a changed byte is found afresh even where a verification is noted', async (t) => {
  const directory = t.testdir({ 'a.bin': body });
  t.match(await inspectModel(model(source), directory), { state: 'verified' });
  const changed = Buffer.from(body);
  changed[7]! ^= 1;
  writeFileSync(join(directory, 'a.bin'), changed);
  t.match(await inspectModel(model(source), directory, { afresh: true }), { state: 'wrong' });
});
