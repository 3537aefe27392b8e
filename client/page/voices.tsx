/** The voices by which speakers are named: recorded once, listed, deleted. */
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { enrolVoice, forgetVoice, type KnownVoice, listVoices } from '../consultation/voices.ts';
import { dateTime, dictionary } from './i18n.ts';
import { useApp } from './use-app.ts';

/** Long enough for what the server asks for, with the pauses that people make. Seconds. */
const SAMPLE = 12;

/** What the form is doing, or what came of it. */
type Enrolment =
  | { state: 'open' }
  | { state: 'recording'; left: number }
  | { state: 'checking' }
  | { state: 'kept'; name: string }
  | { state: 'refused'; code: string };

export function Voices() {
  const t = dictionary.value;
  const { model } = useApp();
  const voices = useSignal<KnownVoice[] | undefined>(undefined);
  const token = () => model.access.value?.token ?? '';
  const read = async () => {
    voices.value = await listVoices(token());
  };
  useEffect(() => void read(), []);
  if (voices.value === undefined) return null;

  return (
    <details class="voices" data-testid="voices">
      <summary>
        {t.voicesTitle}
        {voices.value.length > 0 && <span class="number">{voices.value.length}</span>}
      </summary>
      <p class="hint">{t.voicesText}</p>
      <div class="list">
        <ul>
          {voices.value.map((voice) => (
            <li key={`${voice.name}${voice.createdAt}`} data-testid="voice">
              <span>{voice.name}</span>
              <span class="hint">{voice.usable ? dateTime(voice.createdAt) : t.voiceOutdated}</span>
              <button
                type="button"
                aria-label={t.voiceForgetOf(voice.name)}
                onClick={() => void forgetVoice(voice, token()).finally(read)}
              >
                {t.voiceForget}
              </button>
            </li>
          ))}
        </ul>
      </div>
      <Enrol onKept={read} />
    </details>
  );
}

function Enrol({ onKept }: { onKept(): Promise<void> }) {
  const t = dictionary.value;
  const { model, recordVoice } = useApp();
  const form = useRef<HTMLFormElement>(null);
  const enrolment = useSignal<Enrolment>({ state: 'open' });
  const busy = enrolment.value.state === 'recording' || enrolment.value.state === 'checking';

  async function enrol(sampleOf: () => Promise<Blob>): Promise<void> {
    if (busy || !form.current?.reportValidity()) return;
    const name = String(new FormData(form.current).get('name')).trim();
    try {
      const sample = await sampleOf();
      enrolment.value = { state: 'checking' };
      const code = await enrolVoice(name, sample, model.access.value?.token ?? '');
      if (code !== undefined) enrolment.value = { state: 'refused', code };
      else {
        enrolment.value = { state: 'kept', name };
        form.current.reset();
        await onKept();
      }
    } catch (error) {
      enrolment.value = { state: 'refused', code: error instanceof DOMException ? 'microphone' : 'network' };
    }
  }

  const record = () => {
    enrolment.value = { state: 'recording', left: SAMPLE };
    return recordVoice(SAMPLE, (passed) => {
      enrolment.value = { state: 'recording', left: SAMPLE - passed };
    });
  };

  return (
    <form
      ref={form}
      class="enrol"
      onSubmit={(event) => {
        event.preventDefault();
        void enrol(record);
      }}
    >
      <label>
        {t.voiceName}
        <input type="text" name="name" maxLength={80} required disabled={busy} autocomplete="off" />
      </label>
      <fieldset class="consent">
        <label>
          <input type="checkbox" required disabled={busy} />
          <span>{t.voiceAgrees}</span>
        </label>
      </fieldset>
      <div class="row">
        <button type="submit" class="primary" disabled={busy || !window.isSecureContext}>
          <span class="dot" aria-hidden="true" />
          {t.voiceRecord(SAMPLE)}
        </button>
        <label class="button">
          {t.voiceFile}
          <input
            type="file"
            class="hidden"
            accept="audio/*"
            disabled={busy}
            onChange={({ currentTarget }) => {
              const file = currentTarget.files?.[0];
              if (file !== undefined) void enrol(async () => file);
              currentTarget.value = '';
            }}
          />
        </label>
      </div>
      <Outcome enrolment={enrolment} />
    </form>
  );
}

function Outcome({ enrolment }: { enrolment: Signal<Enrolment> }) {
  const t = dictionary.value;
  const now = enrolment.value;
  const refused = now.state === 'refused' ? (t.voiceRefusals[now.code] ?? t.voiceFailed) : '';
  return (
    <>
      <p class="hint" role="status" data-testid="enrolment">
        {now.state === 'recording' && t.voiceSpeak(now.left)}
        {now.state === 'checking' && t.voiceChecking}
        {now.state === 'kept' && t.voiceKept(now.name)}
      </p>
      <p class="field-error" role="alert">
        {refused}
      </p>
    </>
  );
}
