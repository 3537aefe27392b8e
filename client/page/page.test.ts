import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import t from 'tap';
import { buildPage, chromiumMissing, startBrowser } from '../../fixtures/page/browser.ts';
import { type FakeSession, startFakeServer } from '../../fixtures/page/fake-server.ts';

const sound = resolve('../shared/audio/jfk.wav');
const skip = chromiumMissing || (existsSync(sound) ? false : `${sound} is absent`);
const text = [
  'Good morning, how are you?',
  'I have ~palpitations in the evening.',
  'Since when, and how often?',
];
const engine = { name: 'scripted', model: 'fixture', standIn: 'says a fixed text' };
const by = (id: string) => `[data-testid=${id}]`;

/** Numbers without holes, and epochs that never go back. */
function inOrder({ slices }: FakeSession): boolean {
  return slices.every(({ seq, epoch }, index) => seq === index && epoch >= (slices[index - 1]?.epoch ?? 0));
}

t.test('a consultation in a real browser', { skip }, async (t) => {
  const directory = await buildPage();
  const server = await startFakeServer({ directory, text, engine });
  const browser = await startBrowser({ sound });
  t.teardown(async () => {
    await browser.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  const { context } = browser;
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) faults.push(message.text());
  });
  const address = `http://127.0.0.1:${server.port}/`;
  const session = () => server.sessions.get('session-1') as FakeSession;
  const until = async (reached: () => boolean) => {
    while (!reached()) {
      await page.waitForFunction('new Promise((done) => requestAnimationFrame(() => done(true)))');
    }
  };
  const slices = (count: number) =>
    until(() => (server.sessions.get('session-1')?.slices.length ?? 0) >= count);

  await page.goto(address);
  await page.waitForSelector('#access');
  t.pass('[A1] without a token the page says what to do');

  await page.goto(`${address}?again#ticket=once`);
  await page.waitForSelector(by('start'));
  t.notMatch(page.url(), /ticket/, '[A1] the ticket leaves the address bar');
  t.ok(await page.isDisabled(by('start')), 'recording starts only with consent');

  await page.check(by('consent'));
  await page.click(by('start'));
  await page.waitForSelector(by('committed'), { timeout: 20_000 });
  t.match(await page.textContent(by('committed')), 'Good morning');
  t.match(await page.textContent(by('tail')), /palpitations/, 'words that may change are apart');
  t.match(
    session()
      .events.map(({ event }) => event)
      .slice(0, 2),
    ['session.opened', 'consent.recorded'],
  );
  t.equal(await page.locator(by('stand-in')).count(), 1, 'a stand-in is marked');

  const small = session().slices.every(({ data }) => data.length < 20_000);
  t.ok(small, 'three seconds are recorded as speech, in mono');
  t.ok(session().slices[0]?.mime.startsWith('audio/webm'));

  server.mute = true;
  await slices(session().slices.length + 1);
  server.down = true;
  server.dropAll();
  await page.waitForSelector('.bad', { timeout: 20_000 });
  await page.reload();
  await page.waitForSelector(by('pause'));
  const before = session().slices.length;
  server.mute = false;
  server.down = false;
  await slices(before + 1);
  t.equal(server.sessions.size, 1, '[I3] a reloaded page goes on in the same session');
  t.ok(inOrder(session()), '[I2] no slice is missing or out of place');
  t.ok(
    session().slices.some(({ epoch }) => epoch > 0),
    'the new recorder is a new epoch',
  );
  t.match(await page.textContent(by('committed')), 'Good morning', 'the text comes back');

  server.refuse.push('STORAGE_UNAVAILABLE');
  await page.waitForSelector(by('notice'), { timeout: 10_000 });
  t.ok(inOrder(session()), '[I1] what the server could not store is sent again');

  await page.click(by('pause'));
  await page.waitForSelector(by('resume'));
  await page.click(by('resume'));
  await page.waitForSelector(by('pause'));
  const kinds = () => {
    const all = session().events.map(({ event }) => event);
    return all.filter((event) => /paused|resumed/.test(event));
  };
  // Both keep their place between the slices, some of which wait for the disk that was full a moment ago.
  await until(() => kinds().length >= 2);
  t.same(kinds(), ['session.paused', 'session.resumed']);

  server.finish = false;
  await page.click(by('finish'));
  await page.waitForSelector(by('progress'));
  await page.waitForSelector('.stages .done');
  server.complete('session-1');
  await page.waitForSelector(by('segment'));
  t.equal(await page.locator(by('segment')).count(), session().slices.length);
  t.ok(inOrder(session()));
  t.same(session().events.filter(({ event }) => event === 'finish.requested').length, 1);

  await page.fill('.speaker >> nth=0 >> input', 'Dr Ruiz');
  await page.press('.speaker >> nth=0 >> input', 'Enter');
  await page.waitForFunction(
    (selector) => document.querySelector(selector)?.textContent === 'Dr Ruiz',
    by('speaker-name'),
  );
  t.pass('a corrected name comes back as an event and is shown');
  await page.click(by('undo'));
  await page.waitForFunction(
    (selector) => document.querySelector(selector)?.textContent === 'Speaker 1',
    by('speaker-name'),
  );
  t.equal(await page.locator(by('undo')).count(), 0, 'and can be taken back');

  await page.fill(`${by('again')} input`, '3');
  await page.click(`${by('again')} button`);
  await page.waitForSelector(by('progress'));
  t.match(session().events.at(-1), { event: 'finish.requested', data: { numSpeakers: 3 } });
  server.complete('session-1');
  await page.waitForSelector(by('segment'));
  t.pass('speakers are told apart again, so many as there were, and the newer result is shown');

  await page.click(by('new'));
  await page.waitForSelector(by('start'));
  t.equal(await page.locator(by('interrupted')).count(), 0, 'nothing is left behind');
  t.same(faults, [], 'no error, and nothing that the content security policy refuses');
});

t.test('a second tab takes a consultation over, and nothing recorded is lost', { skip }, async (t) => {
  const directory = await buildPage();
  const server = await startFakeServer({ directory, text, engine });
  const browser = await startBrowser();
  t.teardown(async () => {
    await browser.close();
    await server.close();
    await rm(directory, { recursive: true, force: true });
  });
  const address = `http://127.0.0.1:${server.port}/#ticket=once`;
  const first = await browser.context.newPage();
  await first.goto(address);
  await first.check(by('consent'));
  await first.click(by('start'));
  await first.waitForSelector(by('tail'));
  const id = await first.evaluate(() => sessionStorage.getItem('auscult-consultation'));

  const second = await browser.context.newPage();
  // What a browser does when a tab is duplicated.
  await second.addInitScript((value) => sessionStorage.setItem('auscult-consultation', String(value)), id);
  await second.goto(address);
  await second.waitForSelector(by('elsewhere'));
  await second.click(by('take-over'));
  await second.waitForSelector(by('pause'));
  await first.waitForSelector(by('elsewhere'));
  await second.waitForSelector(by('committed'), { timeout: 20_000 });
  await second.click(by('finish'));
  await second.waitForSelector(by('segment'));

  const session = server.sessions.get('session-1') as FakeSession;
  t.equal(server.sessions.size, 1);
  t.ok(inOrder(session), '[I2] no slice is missing or out of place');
  t.equal(
    new Set(session.slices.map(({ epoch }) => epoch)).size,
    2,
    'the last piece of the first tab included',
  );
  t.equal(await second.textContent(by('segment')).then((text) => text !== ''), true);
});
