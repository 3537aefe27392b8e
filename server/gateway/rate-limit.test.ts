import t from 'tap';
import { createManualClock } from '../clock.ts';
import { createRateLimit } from './rate-limit.ts';

t.test(
  '[A2] one address may try a few times at once and then once a second, whatever others do',
  async (t) => {
    const clock = createManualClock();
    const attempts = createRateLimit(clock, { burst: 3, perSecond: 1 });
    const tries = (address: string) => [1, 2, 3, 4].map(() => attempts.allow(address));
    t.same(tries('192.0.2.1'), [true, true, true, false]);
    t.same(tries('192.0.2.2'), [true, true, true, false]);
    await clock.advance(1_000);
    t.same(tries('192.0.2.1'), [true, false, false, false]);
  },
);
