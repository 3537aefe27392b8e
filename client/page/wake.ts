/** While something is being recorded the tablet's screen stays on: a sleeping tablet stops its microphone. */
import { effect } from '@preact/signals';
import type { Model } from '../consultation/model.ts';

export function keepAwake(model: Model): void {
  let lock: WakeLockSentinel | undefined;
  async function update(): Promise<void> {
    const wanted = model.recordingSince.value !== undefined && document.visibilityState === 'visible';
    try {
      if (wanted && (lock === undefined || lock.released)) lock = await navigator.wakeLock?.request('screen');
      if (!wanted) await lock?.release();
    } catch {
      // The system may refuse, on low battery say; recording goes on without it.
    }
  }
  effect(() => {
    void model.recordingSince.value;
    void update();
  });
  document.addEventListener('visibilitychange', () => void update());
}
