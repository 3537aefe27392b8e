/** The README's table of settings, made from the settings themselves so that it cannot lag behind them. */
import { settings } from '../../server/config.ts';

/** Of the hub, which set-up alone reads. */
const setUpSettings = [
  ['HF_ENDPOINT', '`https://huggingface.co`', 'Where set-up downloads models from.'],
  ['HF_TOKEN', '', "Sent to the hub's own host, for models that ask for one."],
] as const;

/** Defaults that depend on the machine are told in words. */
const perMachine: Readonly<Record<string, string>> = {
  AUSCULT_DATA: "the user's data directory",
  AUSCULT_CACHE: "the user's cache directory",
  AUSCULT_MODELS: '`models` in the cache directory',
};

const begin = '<!-- settings -->';
const end = '<!-- /settings -->';

function defaultOf(name: string, schema: (typeof settings)[keyof typeof settings]): string {
  const parsed = schema.safeParse(undefined);
  const value = parsed.success ? parsed.data : undefined;
  if (name in perMachine) return perMachine[name] ?? '';
  return value === undefined || (Array.isArray(value) && value.length === 0) ? '' : `\`${value}\``;
}

export function settingsTable(): string {
  const rows = Object.entries(settings).map(
    ([name, schema]) => [name, defaultOf(name, schema), schema.description ?? ''] as const,
  );
  const lines = [...rows, ...setUpSettings].map(
    ([name, value, what]) => `| \`${name}\` | ${value} | ${what} |`,
  );
  return ['| setting | default | what it does |', '|---|---|---|', ...lines].join('\n');
}

/** @throws Error when the README has lost the marks between which the table stands. */
export function withSettingsTable(readme: string): string {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${begin} … ${end}`);
  return `${readme.slice(0, from + begin.length)}\n${settingsTable()}\n${readme.slice(to)}`;
}
