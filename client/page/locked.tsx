import { useSignal } from '@preact/signals';
import { dictionary } from './i18n.ts';
import { useApp } from './use-app.ts';

export function Locked() {
  const t = dictionary.value;
  return (
    <section class="card narrow">
      <h1>{t.lockedTitle}</h1>
      <p>{t.lockedText}</p>
      <AccessForm />
    </section>
  );
}

export function AccessForm() {
  const t = dictionary.value;
  const { model, enter } = useApp();
  const text = useSignal('');
  const failed = model.accessFailed.value;
  return (
    <form
      class="access"
      onSubmit={(event) => {
        event.preventDefault();
        void enter(text.value);
      }}
    >
      <label for="access">{t.lockedField}</label>
      <div class="row">
        <input
          id="access"
          type="password"
          autocomplete="off"
          spellcheck={false}
          aria-invalid={failed}
          aria-describedby="access-failed"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="primary">
          {t.lockedSubmit}
        </button>
      </div>
      <p id="access-failed" class="field-error" role="alert">
        {failed ? t.lockedFailed : ''}
      </p>
    </form>
  );
}
