import { useSignal } from '@preact/signals';
import type { FinalResult } from '../../shared/events.ts';
import type { Segment } from '../../shared/transcript.ts';
import { readAudio } from '../consultation/api.ts';
import { save, transcriptText } from './download.ts';
import { clockTime, dateTime, dictionary } from './i18n.ts';
import { nameOf, Speakers, speakerClass } from './speakers.tsx';
import { useApp } from './use-app.ts';
import { Words } from './words.tsx';

export function Finished() {
  const t = dictionary.value;
  const { model } = useApp();
  const result = model.result.value;
  if (result === undefined) return null;
  const count = result.segments.reduce((sum, { words }) => sum + words.length, 0);
  const openedAt = model.transcript.value.openedAt;
  return (
    <div class="finished">
      <section class="summary">
        <div>
          <h1>{t.finishedTitle}</h1>
          <p class="hint">
            {[openedAt && dateTime(openedAt), clockTime(result.duration), t.words(count)]
              .filter(Boolean)
              .join(' · ')}
          </p>
        </div>
        <Actions result={result} />
      </section>
      <Warnings result={result} />
      <Speakers result={result} />
      <ol class="segments-list">
        {result.segments.map((segment) => (
          <SegmentRow key={`${segment.start}${segment.speaker}`} segment={segment} result={result} />
        ))}
      </ol>
      {count === 0 && <p class="quiet">{t.noWords}</p>}
    </div>
  );
}

function SegmentRow({ segment, result }: { segment: Segment; result: FinalResult }) {
  const t = dictionary.value;
  const { model } = useApp();
  return (
    <li class={`segment ${speakerClass(result, segment.speaker)}`} data-testid="segment">
      <p class="who">
        <strong data-testid="speaker-name">
          {nameOf(result, model.transcript.value, segment.speaker, t)}
        </strong>
        <time>{clockTime(segment.start)}</time>
        {segment.overlap && (
          <span class="tag" title={t.overlap}>
            {t.overlapShort}
          </span>
        )}
      </p>
      <p class="said" lang={result.language}>
        <Words words={segment.words} />
      </p>
    </li>
  );
}

function Warnings({ result }: { result: FinalResult }) {
  const t = dictionary.value;
  const lines = result.warnings.map(({ code, message }) => t.warnings[code] ?? message);
  if (result.diarization.method === 'stand-in') lines.push(t.standInSpeakers);
  if (lines.length === 0) return null;
  return (
    <section class="warnings" data-testid="warnings" aria-label={t.warningsTitle}>
      <h2>{t.warningsTitle}</h2>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function Actions({ result }: { result: FinalResult }) {
  const t = dictionary.value;
  const { model, controller, refreshLists } = useApp();
  const failed = useSignal(false);

  function saveText(): void {
    const name = (speaker: string) => nameOf(result, model.transcript.value, speaker, t);
    save(new Blob([transcriptText(result, name)], { type: 'text/plain' }), `${result.session}.txt`);
  }

  async function saveAudio(): Promise<void> {
    try {
      save(await readAudio(result.session, model.access.value?.token ?? ''), `${result.session}.wav`);
      failed.value = false;
    } catch {
      failed.value = true;
    }
  }

  return (
    <div class="actions">
      <button type="button" onClick={saveText}>
        {t.downloadText}
      </button>
      <button type="button" onClick={() => void saveAudio()}>
        {t.downloadAudio}
      </button>
      <button
        type="button"
        class="primary"
        data-testid="new"
        onClick={() => void controller()?.leave().then(refreshLists)}
      >
        {t.newConsultation}
      </button>
      <p class="field-error" role="alert">
        {failed.value ? t.downloadFailed : ''}
      </p>
    </div>
  );
}
