/** The one place that says how things stand: recording, safe on the server, text. */

import { dictionary } from './i18n.ts';
import { useApp } from './use-app.ts';

/** Slices in flight while all is well: the one being acknowledged and the one just recorded. */
const usual = 2;

export function Status() {
  const t = dictionary.value;
  return (
    <section class="status" data-testid="status" aria-label={t.status}>
      <Recording />
      <Safety />
      <Text />
    </section>
  );
}

function Recording() {
  const t = dictionary.value;
  const { model } = useApp();
  const { wanted, recordingSince, alarms, refusal } = model;
  const [kind, text] = (() => {
    if (wanted.value === 'finishing') return ['quiet', t.stopped];
    if (wanted.value === 'paused') return ['paused', t.paused];
    if (recordingSince.value === undefined) {
      if (alarms.value.size > 0) return ['bad', t.notRecording];
      return ['wait', refusal.value ? t.stopped : t.starting];
    }
    return [alarms.value.size > 0 ? 'bad' : 'recording', t.recording];
  })();
  return <Item kind={kind} text={text} />;
}

function Safety() {
  const t = dictionary.value;
  const { model } = useApp();
  const unsafe = model.unsafe.value;
  const { status } = model.connection.value;
  const connected = status === 'ready';
  const calm = connected && unsafe <= usual;
  const text = calm ? t.safe : unsafe === 0 ? t.connecting : t.unsafe(unsafe);
  const detail = connected || unsafe === 0 ? undefined : status === 'waiting' ? t.reconnecting : t.unsafeKept;
  return (
    <>
      <Item kind={calm ? 'good' : connected ? 'wait' : 'bad'} text={text} detail={detail} />
      <span class="hidden" data-testid="unsafe-count">
        {unsafe}
      </span>
    </>
  );
}

function Text() {
  const t = dictionary.value;
  const { model } = useApp();
  const status = model.status.value;
  const behind = Math.round(status?.behind ?? 0);
  if (model.engine.value === null || status?.engineState === 'none') {
    return <Item kind="wait" text={t.textNone} />;
  }
  const away = model.connection.value.status !== 'ready';
  if (away || status?.engineState === 'recovering' || status?.engineState === 'starting') {
    const loaded = away ? undefined : status?.engineLoadedPercent;
    const detail = loaded === undefined ? undefined : t.engineLoading(loaded);
    return <Item kind="wait" text={t.textRecovering} detail={detail} />;
  }
  return (
    <Item kind={behind > 10 ? 'wait' : 'good'} text={behind > 6 ? t.textBehind(behind) : t.textCurrent} />
  );
}

function Item({
  kind,
  text,
  detail,
}: {
  kind: string | undefined;
  text: string | undefined;
  detail?: string;
}) {
  return (
    <p class={`item ${kind}`}>
      <span class="sign" aria-hidden="true" />
      <span role="status">
        {text}
        {detail && <small>{detail}</small>}
      </span>
    </p>
  );
}
