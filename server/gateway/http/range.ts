/** One byte range of a `Range` header (RFC 9110), pure. Several ranges, or another unit, mean the whole. */
export type ByteRange = { first: number; last: number } | 'whole' | 'unsatisfiable';

export function parseRange(header: string | undefined, length: number): ByteRange {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  const [from, to] = [match[1]!, match[2]!];
  if (from === '') {
    const suffix = Number(to);
    return suffix === 0 || length === 0
      ? 'unsatisfiable'
      : { first: Math.max(0, length - suffix), last: length - 1 };
  }
  const first = Number(from);
  const last = to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (to !== '' && Number(to) < first) return 'whole';
  return first >= length ? 'unsatisfiable' : { first, last };
}
