/** Starts the page: access first, then what an earlier page has left, then the clinician. */
import { newId } from '../../shared/ids.ts';
import { limits } from '../../shared/protocol.ts';
import {
  type Access,
  credentialIn,
  forgetAccess,
  logIn,
  renew,
  renewalIn,
  storedAccess,
} from '../consultation/access.ts';
import { listSessions } from '../consultation/api.ts';
import { type Controller, createController } from '../consultation/controller.ts';
import { createModel, type Model } from '../consultation/model.ts';
import { openOutbox } from '../outbox/open.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { startEncodedEpoch } from '../recorder/encoded.ts';
import type { EpochOptions, EpochRecorder } from '../recorder/epoch.ts';
import { chooseFormat } from '../recorder/format.ts';
import { openMicrophone } from '../recorder/microphone.ts';
import { startPlainEpoch } from '../recorder/plain.ts';
import { recordSample } from '../recorder/sample.ts';
import { keepAwake } from './wake.ts';

export interface App {
  model: Model;
  /** Undefined until the outbox is open. */
  controller(): Controller | undefined;
  /** Takes a ticket, a token or a link that holds one. */
  enter(text: string): Promise<void>;
  refreshLists(): Promise<void>;
  /** See `recordSample`. */
  recordVoice(seconds: number, onSecond: (passed: number) => void): Promise<Blob>;
}

const storageKey = 'auscult-consultation';

function startEpoch(
  options: Omit<EpochOptions, 'mime' | 'timeSlice'>,
  timeSlice = limits.sliceSeconds * 1000,
): Promise<EpochRecorder> {
  const supported = globalThis.MediaRecorder?.isTypeSupported.bind(MediaRecorder);
  const format = chooseFormat(supported);
  const start = format.kind === 'encoded' ? startEncodedEpoch : startPlainEpoch;
  return start({ ...options, mime: format.mime, timeSlice });
}

export function boot(): App {
  const model = createModel();
  let controller: Controller | undefined;
  let outbox: Outbox | undefined;
  let renewal: ReturnType<typeof setTimeout> | undefined;

  function admit(access: Access): void {
    model.access.value = access;
    model.accessFailed.value = false;
    controller?.token(access.token);
    clearTimeout(renewal);
    renewal = setTimeout(() => void renewNow(access), renewalIn(access, Date.now()));
  }

  async function renewNow(access: Access): Promise<void> {
    try {
      admit(await renew(access));
    } catch {
      const left = access.expiresAt - Date.now();
      if (left > 0) renewal = setTimeout(() => void renewNow(access), Math.min(10_000, left));
      else model.access.value = undefined;
    }
  }

  async function enter(text: string): Promise<void> {
    const credential = credentialIn(text);
    try {
      if (credential === undefined) throw new Error('neither a link nor a token');
      admit(await logIn(credential));
      if (model.stage.value === 'locked') await unlock();
    } catch {
      model.accessFailed.value = true;
      if (model.stage.value === 'loading') model.stage.value = 'locked';
    }
  }

  async function unlock(): Promise<void> {
    outbox ??= await openOutbox();
    controller ??= createController({
      model,
      outbox,
      openSocket: () => new WebSocket(new URL('/ws', location.href.replace(/^http/, 'ws'))),
      recording: { openMicrophone, startEpoch: (options) => startEpoch(options) },
      newId,
      remember: (id) => (id ? sessionStorage.setItem(storageKey, id) : sessionStorage.removeItem(storageKey)),
    });
    const current = sessionStorage.getItem(storageKey);
    const left = (await outbox.consultations()).find(({ id }) => id === current);
    model.stage.value = 'ready';
    if (left !== undefined) await controller.resumeConsultation(left);
    await refreshLists();
  }

  async function refreshLists(): Promise<void> {
    if (outbox === undefined || model.access.value === undefined) return;
    const left = await outbox.consultations();
    const { held } = await navigator.locks.query();
    const busy = new Set(held?.map(({ name }) => name));
    const unfinished = [];
    for (const consultation of left) {
      if (busy.has(`auscult-${consultation.id}`)) continue;
      const empty = (await outbox.held(consultation.id)).length === 0;
      if (empty && (consultation.wanted === 'finishing' || consultation.queued === 0)) {
        await outbox.remove(consultation.id);
      } else unfinished.push(consultation);
    }
    model.interrupted.value = unfinished;
    model.past.value = await listSessions(model.access.value.token);
  }

  async function open(): Promise<void> {
    const link = location.hash;
    // The ticket must stand neither in the history nor in a bookmark.
    if (credentialIn(link)) history.replaceState(null, '', location.pathname + location.search);
    const stored = storedAccess(Date.now());
    if (credentialIn(link)) {
      await enter(link);
      if (model.access.value !== undefined) await unlock();
    } else if (stored !== undefined) {
      admit(stored);
      await unlock();
    } else {
      forgetAccess();
      model.stage.value = 'locked';
    }
  }

  window.addEventListener('online', () => controller?.nudge());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') controller?.nudge();
  });
  window.addEventListener('beforeunload', (event) => {
    const losing = !outbox?.durable && model.unsafe.value > 0;
    if (model.recordingSince.value !== undefined || losing) event.preventDefault();
  });
  keepAwake(model);
  void open();

  const recordVoice: App['recordVoice'] = (seconds, onSecond) =>
    recordSample({
      openMicrophone,
      // Longer than the sample, which so comes in one piece.
      startEpoch: (options) => startEpoch(options, 2_000 * seconds),
      seconds,
      onSecond,
    });

  return { model, controller: () => controller, enter, refreshLists, recordVoice };
}
