import { useSignal } from '@preact/signals';
import { readResult } from '../consultation/api.ts';
import { clockTime, dateTime, dictionary } from './i18n.ts';
import { useApp } from './use-app.ts';
import { Voices } from './voices.tsx';

export function Ready() {
  const { model } = useApp();
  return (
    <div class="ready">
      {model.elsewhere.value ? <Elsewhere /> : <Start />}
      <Interrupted />
      <Past />
      <Voices />
    </div>
  );
}

function Start() {
  const t = dictionary.value;
  const { controller } = useApp();
  const language = useSignal('auto');
  const consent = useSignal(false);
  const choices = [
    ['auto', t.spokenAuto],
    ['es', t.spanish],
    ['pt', t.portuguese],
    ['en', t.english],
  ] as const;
  if (!window.isSecureContext) {
    return (
      <section class="card">
        <h1>{t.newTitle}</h1>
        <p class="alarm">{t.insecure}</p>
      </section>
    );
  }
  return (
    <form
      class="card start"
      onSubmit={(event) => {
        event.preventDefault();
        if (consent.value) void controller()?.begin(language.value, t.consent);
      }}
    >
      <h1>{t.newTitle}</h1>
      <fieldset class="choices">
        <legend>{t.spoken}</legend>
        <div class="segments">
          {choices.map(([code, name]) => (
            <label key={code}>
              <input
                type="radio"
                name="language"
                value={code}
                checked={language.value === code}
                onChange={() => {
                  language.value = code;
                }}
              />
              <span>{name}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset class="consent">
        <legend>{t.consentTitle}</legend>
        <label>
          <input
            type="checkbox"
            data-testid="consent"
            checked={consent.value}
            onChange={(event) => {
              consent.value = event.currentTarget.checked;
            }}
          />
          <span>{t.consent}</span>
        </label>
      </fieldset>
      <button
        type="submit"
        class="primary large"
        data-testid="start"
        disabled={!consent.value}
        aria-describedby="consent-needed"
      >
        <span class="dot" aria-hidden="true" />
        {t.start}
      </button>
      <p id="consent-needed" class="hint">
        {consent.value ? '' : t.consentNeeded}
      </p>
    </form>
  );
}

function Elsewhere() {
  const t = dictionary.value;
  const { model, controller } = useApp();
  const consultation = model.elsewhere.value;
  if (consultation === undefined) return null;
  return (
    <section class="card" data-testid="elsewhere">
      <h1>{t.elsewhereTitle}</h1>
      <p>{t.elsewhereText}</p>
      <div class="row">
        <button
          type="button"
          class="primary"
          data-testid="take-over"
          onClick={() => void controller()?.resumeConsultation(consultation, { takeOver: true })}
        >
          {t.takeOver}
        </button>
        <button
          type="button"
          onClick={() => {
            model.elsewhere.value = undefined;
          }}
        >
          {t.newConsultation}
        </button>
      </div>
    </section>
  );
}

function Interrupted() {
  const t = dictionary.value;
  const { model, controller } = useApp();
  if (model.interrupted.value.length === 0) return null;
  return (
    <section class="list">
      <h2>{t.interruptedTitle}</h2>
      <p class="hint">{t.interruptedText}</p>
      <ul>
        {model.interrupted.value.map((consultation) => (
          <li key={consultation.id} data-testid="interrupted">
            <span>{dateTime(consultation.startedAt)}</span>
            <span class="number">{clockTime(consultation.recordedMs / 1000)}</span>
            <button type="button" onClick={() => void controller()?.resumeConsultation(consultation)}>
              {t.goOn}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Past() {
  const t = dictionary.value;
  const { model } = useApp();
  const finished = model.past.value.filter(({ phase }) => phase === 'finished').slice(0, 12);
  if (finished.length === 0) return null;

  async function show(session: string): Promise<void> {
    const result = await readResult(session, model.access.value?.token ?? '');
    if (result === undefined) return;
    model.session.value = session;
    model.result.value = result;
    model.stage.value = 'finished';
  }

  return (
    <section class="list">
      <h2>{t.pastTitle}</h2>
      <ul>
        {finished.map(({ session, openedAt, phase }) => (
          <li key={session}>
            <button type="button" class="link" onClick={() => void show(session)}>
              {dateTime(openedAt)}
            </button>
            <span class="hint">{t.phases[phase]}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
