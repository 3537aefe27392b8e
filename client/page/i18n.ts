/** The interface in three languages; which one the consultation is held in is another matter. */
import { computed, effect, signal } from '@preact/signals';
import { en } from './dictionary/en.ts';
import { es } from './dictionary/es.ts';
import { pt } from './dictionary/pt.ts';

export const dictionaries = { es, pt, en } as const;
export type InterfaceLanguage = keyof typeof dictionaries;

const storageKey = 'auscult-interface-language';
const known = (code: string | null): code is InterfaceLanguage => code !== null && code in dictionaries;

function preferred(): InterfaceLanguage {
  const chosen = localStorage.getItem(storageKey);
  if (known(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find(known) ?? 'en';
}

export const interfaceLanguage = signal<InterfaceLanguage>(preferred());
export const dictionary = computed(() => dictionaries[interfaceLanguage.value]);

export function chooseInterfaceLanguage(language: InterfaceLanguage): void {
  localStorage.setItem(storageKey, language);
  interfaceLanguage.value = language;
}

effect(() => {
  document.documentElement.lang = interfaceLanguage.value;
});

/** `1:02:03` or `2:03`. */
export function clockTime(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

export function dateTime(value: string | number): string {
  const format = { dateStyle: 'medium', timeStyle: 'short' } as const;
  return new Intl.DateTimeFormat(dictionary.value.locale, format).format(new Date(value));
}
