import {
  chooseInterfaceLanguage,
  dictionaries,
  dictionary,
  type InterfaceLanguage,
  interfaceLanguage,
} from './i18n.ts';
import { useApp } from './use-app.ts';

export function Header() {
  const t = dictionary.value;
  return (
    <header class="top">
      <p class="brand">
        <Mark />
        <span>
          <strong>Auscult</strong>
          <small>{t.tagline}</small>
        </span>
      </p>
      <Engine />
      <fieldset class="languages">
        <legend class="hidden">{t.interfaceLanguage}</legend>
        {(Object.keys(dictionaries) as InterfaceLanguage[]).map((code) => (
          <button
            key={code}
            type="button"
            lang={code}
            title={dictionaries[code].name}
            aria-label={dictionaries[code].name}
            aria-pressed={interfaceLanguage.value === code}
            onClick={() => chooseInterfaceLanguage(code)}
          >
            {code.toUpperCase()}
          </button>
        ))}
      </fieldset>
    </header>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M8 14v4M12 10.5v11M16 7v18M20 11.5v9M24 14v4" />
    </svg>
  );
}

function Engine() {
  const t = dictionary.value;
  const { model } = useApp();
  const engine = model.engine.value;
  if (engine === undefined) return null;
  if (engine === null) {
    return (
      <p class="engine warn" data-testid="engine">
        {t.noEngine}
      </p>
    );
  }
  return (
    <p class={engine.standIn ? 'engine warn' : 'engine'} data-testid="engine">
      <span class="hidden">{t.engine}: </span>
      {engine.name}
      <small>{engine.model}</small>
    </p>
  );
}
