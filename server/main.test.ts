/** The whole job from outside: a real browser, a real server process, a real recogniser, a database file. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SignJWT } from 'jose';
import type { Page } from 'playwright-core';
import t from 'tap';
import { buildPage, chromiumMissing, startBrowser } from '../client/fixture/browser.ts';
import { consultation, speakConsultation } from '../fixtures/consultation.ts';
import { startServerProcess } from '../fixtures/end-to-end/server-process.ts';
import { FinalResult } from '../shared/events.ts';
import { systemClock } from './clock.ts';
import { createEngine } from './speech/engines/create-engine.ts';
import { wordErrorRate } from './speech/word-error-rate.ts';

const secret = 'a secret that only this test knows about';
const by = (id: string) => `[data-testid=${id}]`;
const searchPath = process.env.PATH ?? '';
const installed = (program: string) => searchPath.split(':').some((directory) => existsSync(join(directory, program)));
const missing = ['pocketsphinx_continuous', 'ffmpeg', 'espeak-ng'].filter((program) => !installed(program));
const skip = chromiumMissing || (missing.length > 0 ? `${missing.join(', ')} not installed` : false);

/** Records `sound` in the page and finishes; returns what the page and the API then show. */
async function consult(t: Tap.Test, sound: string, seconds: number) {
  const directory = await mkdtemp(join(tmpdir(), 'auscult-end-to-end-'));
  const server = await startServerProcess({
    AUSCULT_DATA: join(directory, 'data'),
    AUSCULT_CACHE: join(directory, 'cache'),
    AUSCULT_JWT_SECRET: secret,
    AUSCULT_LOG_LEVEL: 'warn',
    AUSCULT_LANGUAGE: 'en',
  });
  const browser = await startBrowser({ sound });
  t.teardown(async () => {
    await browser.close();
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const page = await browser.context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) faults.push(message.text());
  });
  await page.goto(server.link);
  await page.check(by('consent'));
  await page.click(by('start'));
  const live = await wordsWhile(page, seconds);
  await page.screenshot({ path: join(tmpdir(), 'auscult-recording.png') });
  await page.click(by('finish'));
  await page.waitForSelector(by('segment'), { timeout: 120_000 });
  await page.screenshot({ path: join(tmpdir(), 'auscult-finished.png'), fullPage: true });
  const shown = await page.locator(by('segment')).allTextContents();

  const api = await client(server.origin);
  const [{ session }] = (await api('/api/sessions')).sessions;
  const view = await api(`/api/sessions/${session}`);
  const { chunks } = await api(`/api/sessions/${session}/chunks`);
  return { page, live, shown, result: FinalResult.parse(view.result), chunks, session, api, faults, server };
}

/** Waits as long as the sound lasts, measured by the page's own clock, and notes when the first words came. */
async function wordsWhile(page: Page, seconds: number): Promise<{ firstAfter: number; text: string }> {
  const begun = Date.now();
  await page.waitForSelector(`${by('committed')}, ${by('tail')}`, { timeout: seconds * 1000 });
  const firstAfter = (Date.now() - begun) / 1000;
  await page.waitForFunction((until) => Date.now() >= until, begun + seconds * 1000, { timeout: 0 });
  return { firstAfter, text: (await page.locator(by('committed')).allTextContents()).join(' ') };
}

async function client(origin: string) {
  const token = await new SignJWT({ tenant: 'local', roles: ['clinician'] })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('local')
    .setIssuer('auscult')
    .setAudience('auscult')
    .setIssuedAt()
    .setExpirationTime('10m')
    .sign(new TextEncoder().encode(secret));
  return async (path: string) => {
    const answer = await fetch(origin + path, { headers: { authorization: `Bearer ${token}` } });
    return answer.headers.get('content-type')?.includes('json') ? answer.json() : answer.arrayBuffer();
  };
}
