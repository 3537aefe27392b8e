/** The whole job from outside: a real browser, a real server process, a real recogniser, a database file. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SignJWT } from 'jose';
import type { Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { speakConsultation } from '../fixtures/consultation.ts';
import { startServerProcess } from '../fixtures/end-to-end/server-process.ts';
import { reached } from '../fixtures/engines/state.ts';
import { chromiumMissing, startBrowser } from '../fixtures/page/browser.ts';
import { ensurePage } from '../scripts/setup/page.ts';
import { FinalResult } from '../shared/events.ts';
import { createDecoderFor } from './audio/create-decoder.ts';
import { systemClock } from './clock.ts';
import { createEngine } from './speech/engines/create-engine.ts';
import { wordErrorRate } from './speech/word-error-rate.ts';

/** The README's pictures are copies of what the last test leaves here. */
const pictures = resolve('test-results');

const secret = 'a secret that only this test knows about';
const by = (id: string) => `[data-testid=${id}]`;
const searchPath = process.env.PATH ?? '';
const installed = (program: string) =>
  searchPath.split(':').some((directory) => existsSync(join(directory, program)));
const missing = ['pocketsphinx_continuous', 'ffmpeg', 'espeak-ng'].filter((program) => !installed(program));
const skip = chromiumMissing || (missing.length > 0 ? `${missing.join(', ')} not installed` : false);

/** The page of a server of its own, whose microphone plays `sound` once. */
async function openPage(t: Test, sound: string) {
  await ensurePage(resolve('.'));
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
  await page.waitForSelector(by('start'));
  return { page, faults, server };
}

/** Records `sound` in the page and finishes; returns what the page and the API then show. */
async function consult(t: Test, sound: string, seconds: number) {
  const { page, faults, server } = await openPage(t, sound);
  await page.check(by('consent'));
  await page.click(by('start'));
  const live = await wordsWhile(page, seconds);
  await page.screenshot({ path: join(pictures, 'recording.png') });
  await page.click(by('finish'));
  await page.waitForSelector(by('segment'), { timeout: 120_000 });
  await page.screenshot({ path: join(pictures, 'finished.png'), fullPage: true });
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

const jfk = resolve('../shared/audio/jfk.wav');
const known =
  'and so my fellow americans ask not what your country can do for you ask what you can do for your country';

t.test(
  'a sentence recorded by the page is text while it is said, and segments after finish',
  {
    skip: skip || (existsSync(jfk) ? false : `${jfk} is absent`),
  },
  async (t) => {
    const { live, shown, result, chunks, faults, api, session } = await consult(t, jfk, 14);
    t.same(faults, [], 'the page has no error and keeps to its content security policy');
    t.ok(
      live.firstAfter < 11,
      `live words arrived after ${live.firstAfter.toFixed(1)} s, while it was being said`,
    );
    t.ok(shown.length > 0, 'segments are shown');

    const heard = result.segments.flatMap((segment) => segment.words.map((word) => word.text)).join(' ');
    const wav = Buffer.from(await api(`/api/sessions/${session}/audio`));
    const original = await hear(await readFile(jfk));
    const undivided = await hear(wav);
    t.comment(
      `word error rate against the known sentence: ${rate(known, heard)} as recorded and divided, ` +
        `${rate(known, undivided)} as recorded and undivided, ${rate(known, original)} in the original file`,
    );
    // The stand-in is shaken by the Opus coding of the very same sentence: of the original it hears more.
    for (const [name, whole] of Object.entries({ 'recorded file': undivided, 'original file': original })) {
      t.ok(
        kept(whole, heard) > count(whole) / 2,
        `${kept(whole, heard)} of the ${count(whole)} words that the stand-in hears in the ${name}, undivided`,
      );
    }

    t.equal(wav.length, result.audio.bytes);
    t.ok(Math.abs((wav.length - 44) / 32_000 - result.duration) < 0.001);
    t.match(chunks[0], { chunk_number: 0, session_id: session, audio_hash: /^sha256:[0-9a-f]{64}$/ });
    t.equal(chunks[0].chunk_id, `${session}_chunk_0_${chunks[0].audio_hash.slice(7, 15)}`);
  },
);

const count = (text: string) => text.split(' ').length;
const kept = (from: string, text: string) =>
  from.split(' ').filter((word) => text.split(' ').includes(word)).length;

/** What the same recogniser hears in the whole file at once. */
async function hear(wav: Buffer): Promise<string> {
  const engine = await createEngine({ clock: systemClock, pocketsphinx: true, searchPath, workers: 1 });
  if (engine === undefined) return '';
  try {
    await reached(engine, 'ready');
    const decoder = createDecoderFor({ ffmpegPath: undefined, clock: systemClock })('audio/wav');
    const { words } = await engine.transcribe({
      audio: await decoder.push(wav),
      language: 'en',
      // As thoroughly as the second pass hears the recording.
      priority: 'background',
    });
    return words.map((word) => word.text).join(' ');
  } finally {
    await engine.close();
  }
}

const rate = (reference: string, heard: string) => wordErrorRate(reference, heard).rate.toFixed(2);

t.test(
  'a consultation of two voices has two speakers, each turn under the right one',
  { skip },
  async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'auscult-consultation-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const { wav, turns } = await speakConsultation();
    const sound = join(directory, 'consultation.wav');
    await writeFile(sound, wav);
    const seconds = (turns.at(-1)?.end ?? 0) + 2;

    const { shown, result, chunks, faults } = await consult(t, sound, seconds);
    t.same(faults, []);
    t.equal(result.diarization.method, 'stand-in', 'a stand-in says so in the result');
    t.same(
      result.speakers.map(({ id }) => id),
      ['SPEAKER_00', 'SPEAKER_01'],
    );
    t.equal(shown.length, result.segments.length, 'the page shows every segment');

    const words = result.segments.flatMap(({ speaker, words }) =>
      words.map((word) => ({ speaker, ...word })),
    );
    const heard = words.map(({ text }) => text).join(' ');
    const said = turns.map(({ text }) => text).join(' ');
    t.comment(`word error rate of the stand-in on synthetic voices: ${rate(said, heard)}`);
    for (const [index, turn] of turns.entries()) {
      const expected = turn.speaker === 'clinician' ? 'SPEAKER_00' : 'SPEAKER_01';
      const middles = words.filter(
        ({ start, end }) => turn.start < (start + end) / 2 && (start + end) / 2 < turn.end,
      );
      const right = middles.filter(({ speaker }) => speaker === expected);
      t.ok(
        right.length > middles.length / 2,
        `turn ${index}: ${right.length} of ${middles.length} words under the ${turn.speaker}`,
      );
    }
    const labelled = chunks.filter(({ speaker }: { speaker?: string }) => speaker?.startsWith('SPEAKER_'));
    t.ok(labelled.length > chunks.length / 2, 'slices bear the label of who speaks most in them');
  },
);

t.test(
  'a voice is recorded in the page, known from then on, and deleted',
  { skip: skip || (existsSync(jfk) ? false : `${jfk} is absent`) },
  async (t) => {
    const { page, faults } = await openPage(t, jfk);
    await page.click(`${by('voices')} summary`);
    await page.fill(`${by('voices')} [name=name]`, 'Dr Kennedy');
    await page.check(`${by('voices')} [type=checkbox]`);

    const noise = { name: 'noise.wav', mimeType: 'audio/wav', buffer: Buffer.from('no sound at all') };
    await page.setInputFiles(`${by('voices')} [type=file]`, noise);
    const refusal = page.locator(`${by('voices')} [role=alert]`);
    await refusal.filter({ hasText: 'could not be read as audio' }).waitFor();
    t.equal(await page.locator(by('voice')).count(), 0, 'what is not fit is refused, and why is said');

    await page.click(`${by('voices')} [type=submit]`);
    await page.locator(by('enrolment')).filter({ hasText: /Speak/ }).waitFor();
    await page.waitForSelector(by('voice'), { timeout: 60_000 });
    t.match(await page.textContent(by('voice')), /^Dr Kennedy/);
    await page.screenshot({ path: join(pictures, 'voices.png'), fullPage: true });

    await page.reload();
    await page.click(`${by('voices')} summary`);
    await page.click(`${by('voice')} button`);
    await page.waitForFunction((voice) => document.querySelector(voice) === null, by('voice'));
    t.same(faults, [], 'the page has no error and keeps to its content security policy');
  },
);
