import { dictionary } from './i18n.ts';
import { Status } from './status.tsx';
import { Transcript } from './transcript.tsx';
import { useApp } from './use-app.ts';

const stages = ['sending', 'queued', 'audio', 'transcription', 'diarization', 'alignment'] as const;

export function Finishing() {
  const t = dictionary.value;
  const { model, controller } = useApp();
  const { transcript, progress, unsafe } = model;
  if (transcript.value.phase === 'failed') {
    return (
      <div class="finishing">
        <section class="card" data-testid="failed">
          <h1>{t.failedTitle}</h1>
          <p>{t.failedText}</p>
          <div class="row">
            <button type="button" class="primary" onClick={() => void controller()?.finishAgain()}>
              {t.tryAgain}
            </button>
            <button type="button" onClick={() => void controller()?.leave()}>
              {t.newConsultation}
            </button>
          </div>
        </section>
        <Transcript />
      </div>
    );
  }
  const sending = unsafe.value > 0 || transcript.value.phase !== 'finishing';
  const stage = sending ? 'sending' : (progress.value?.stage ?? 'queued');
  const reached = stage === 'done' ? stages.length : stages.indexOf(stage);
  const ratio = sending ? 0 : (progress.value?.ratio ?? 0);
  return (
    <div class="finishing">
      <section class="card" aria-labelledby="finishing-title">
        <h1 id="finishing-title">{t.finishingTitle}</h1>
        <progress data-testid="progress" max={1} value={ratio} aria-labelledby="finishing-title" />
        <p class="hidden" role="status">
          {t.stages[stage]}
        </p>
        <ol class="stages">
          {stages.map((each, index) => (
            <li
              key={each}
              class={index < reached ? 'done' : index === reached ? 'now' : 'later'}
              aria-current={index === reached ? 'step' : undefined}
            >
              {t.stages[each]}
            </li>
          ))}
        </ol>
        {sending && <Status />}
        <p class="hint">{t.finishingText}</p>
      </section>
      <Transcript />
    </div>
  );
}
