import t from 'tap';
import { median, percentile, rounded } from './statistics.ts';

t.test('percentiles lie between the measurements', async (t) => {
  t.equal(median([3, 1, 2]), 2);
  t.equal(median([4, 1, 2, 3]), 2.5);
  t.equal(percentile([10, 20], 0.95), 19.5);
  t.equal(percentile([], 0.5), undefined);
  t.equal(rounded(1.236, 1), 1.2);
  t.equal(rounded(undefined), null);
});
