/** Which pages may talk to this server: its own, and those on the list. Programs send no origin; they need a token as well. */
export type OriginVerdict = 'none' | 'same' | 'listed' | 'refused';

export function judgeOrigin(headers: ReadonlyMap<string, string>, list: readonly string[]): OriginVerdict {
  const origin = headers.get('origin');
  if (origin === undefined || origin === '') return 'none';
  if (list.includes(origin)) return 'listed';
  const host = headers.get('host');
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
    ? 'same'
    : 'refused';
}
