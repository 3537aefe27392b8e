/** Whisper names languages in English (`spanish`); everybody else uses ISO 639-1 codes. */

let codes: Map<string, string> | undefined;

/** `spanish` → `es`; a code stays what it is; undefined where the name is none that is known. */
export function languageCode(name: string): string | undefined {
  const wanted = name.toLowerCase();
  if (/^[a-z]{2,3}$/.test(wanted)) return wanted;
  codes ??= namesOfCodes();
  return codes.get(wanted);
}

function namesOfCodes(): Map<string, string> {
  const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' });
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const found = new Map<string, string>();
  for (const first of letters) {
    for (const second of letters) {
      const name = names.of(first + second)?.toLowerCase();
      // Retired codes have the same names and come later or earlier; the code that ICU itself settles on wins.
      if (name !== undefined && new Intl.Locale(first + second).language === first + second) {
        found.set(name, first + second);
      }
    }
  }
  return found;
}
