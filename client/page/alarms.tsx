/** What somebody has to see to at once, and below it what is good to know. */

import { dictionary } from './i18n.ts';
import { AccessForm } from './locked.tsx';
import { useApp } from './use-app.ts';

export function Alarms() {
  const t = dictionary.value;
  const { model, controller } = useApp();
  const { stage, alarms, notices, refusal, engine, access } = model;
  const open = stage.value === 'live' || stage.value === 'finishing';
  const locked = open && (refusal.value === 'UNAUTHENTICATED' || access.value === undefined);
  const refused = open && !locked ? refusal.value : undefined;
  const busy = refused === 'SESSION_BUSY' || refused === 'SESSION_TAKEN_OVER';
  const heard = stage.value === 'finished' ? model.result.value?.transcription.engine : engine.value;
  const standIn = heard?.standIn !== undefined && stage.value !== 'locked';
  return (
    <div class="alarms">
      {standIn && (
        <p class="stand-in" data-testid="stand-in">
          <strong>{t.standIn}</strong> {t.standInWhy}
        </p>
      )}
      <div role="alert">
        {[...alarms.value].map((alarm) => (
          <div key={alarm} class="alarm" data-testid="alarm">
            <Warning />
            <p>{t.alarms[alarm]}</p>
            {alarm === 'microphone-refused' && (
              <button type="button" onClick={() => controller()?.tryMicrophoneAgain()}>
                {t.tryAgain}
              </button>
            )}
          </div>
        ))}
        {refused && (
          <div class="alarm" data-testid="refusal">
            <Warning />
            <p>{t.refusals[refused] ?? t.refusedOther}</p>
            {busy && (
              <button type="button" data-testid="take-over" onClick={() => controller()?.takeOver()}>
                {t.takeOver}
              </button>
            )}
          </div>
        )}
        {locked && (
          <div class="alarm" data-testid="access-lost">
            <Warning />
            <p>{t.lockedLost}</p>
            <AccessForm />
          </div>
        )}
      </div>
      <div role="status">
        {[...notices.value].map((notice) => (
          <p key={notice} class="notice" data-testid="notice">
            {t.notices[notice]}
          </p>
        ))}
      </div>
    </div>
  );
}

export function Warning() {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 3.5 22 20.5H2Z" />
      <path class="cut" d="M12 10v5M12 17.6v.4" />
    </svg>
  );
}
