/** Words compared by what is said: without case, punctuation or differences of encoding. */
export function normalise(text: string): string {
  // Most words are so already, and an hour of speech has ten thousand.
  if (/^[a-z\d]+$/.test(text)) return text;
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
}
