import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { clockTime, dictionary } from './i18n.ts';
import { Status } from './status.tsx';
import { Transcript } from './transcript.tsx';
import { useApp } from './use-app.ts';

export function Live() {
  return (
    <div class="live">
      <Transcript follow />
      <div class="dock">
        <Status />
        <div class="controls">
          <Elapsed />
          <Meter />
          <Buttons />
        </div>
      </div>
    </div>
  );
}

function Buttons() {
  const t = dictionary.value;
  const { model, controller } = useApp();
  const paused = model.wanted.value === 'paused';
  return (
    <div class="buttons">
      {paused ? (
        <button type="button" class="large" data-testid="resume" onClick={() => void controller()?.resume()}>
          {t.resume}
        </button>
      ) : (
        <button type="button" class="large" data-testid="pause" onClick={() => void controller()?.pause()}>
          {t.pause}
        </button>
      )}
      <button
        type="button"
        class="primary large"
        data-testid="finish"
        onClick={() => void controller()?.finish()}
      >
        {t.finish}
      </button>
    </div>
  );
}

function Elapsed() {
  const t = dictionary.value;
  const { model } = useApp();
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 500);
    return () => clearInterval(timer);
  }, [now]);
  const since = model.recordingSince.value;
  const running = since === undefined ? 0 : Math.max(0, now.value - since);
  return (
    <p class="elapsed">
      <span class="hidden">{t.elapsed}: </span>
      <time class="number">{clockTime((model.recordedMs.value + running) / 1000)}</time>
    </p>
  );
}

/** Bars that fill with the level on a decibel scale; speech across a desk reaches the middle. */
const bars = 24;
const floor = -60;

function Meter() {
  const t = dictionary.value;
  const { model } = useApp();
  const bar = useRef<HTMLDivElement>(null);
  const meter = useRef<HTMLMeterElement>(null);

  useEffect(() => {
    let shown = 0;
    let frame = requestAnimationFrame(function draw() {
      const level = model.level.value();
      const decibels = level > 0 ? 20 * Math.log10(level) : floor;
      const target = Math.max(0, Math.min(1, 1 - decibels / floor));
      shown = target > shown ? target : shown * 0.92;
      const lit = Math.round(shown * bars);
      bar.current?.style.setProperty('--lit', String(lit / bars));
      if (frame % 15 === 0 && meter.current !== null) meter.current.value = shown;
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  }, [model]);

  return (
    <div ref={bar} class="meter" data-testid="level">
      <meter ref={meter} class="hidden" aria-label={t.level} min={0} max={1} value={0} />
    </div>
  );
}
