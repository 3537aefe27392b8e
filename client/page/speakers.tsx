/** Who speaks: a colour and a shape each, a name and a role that can be corrected. */
import type { FinalResult } from '../../shared/events.ts';
import { labelOf, type TranscriptState } from '../../shared/fold.ts';
import { Role, UNKNOWN_SPEAKER } from '../../shared/transcript.ts';
import { labelSpeaker, undoLabel } from '../consultation/api.ts';
import type { Dictionary } from './dictionary/en.ts';
import { dictionary } from './i18n.ts';
import { useApp } from './use-app.ts';

const colours = 6;

export function speakerClass(result: FinalResult, speaker: string): string {
  const index = result.speakers.findIndex(({ id }) => id === speaker);
  return speaker === UNKNOWN_SPEAKER || index < 0 ? 'voice-unknown' : `voice-${index % colours}`;
}

/** The corrected name, else the role where it is known, else a number in order of first appearance. */
export function nameOf(
  result: FinalResult,
  transcript: TranscriptState,
  speaker: string,
  t: Dictionary,
): string {
  if (speaker === UNKNOWN_SPEAKER) return t.unknownSpeaker;
  const index = result.speakers.findIndex(({ id }) => id === speaker);
  const known = result.speakers[index];
  const label = labelOf(transcript, speaker);
  const name = label.name ?? known?.name;
  if (name) return name;
  const role = label.role ?? known?.role ?? 'unknown';
  return role === 'unknown' ? t.speaker(index + 1) : t.roles[role];
}

export function Speakers({ result }: { result: FinalResult }) {
  const t = dictionary.value;
  const { model, controller } = useApp();
  const speakers = result.speakers.filter(({ id }) => id !== UNKNOWN_SPEAKER);
  if (speakers.length === 0) return null;

  function correct(speaker: string, label: { name?: string; role?: string }): void {
    void labelSpeaker(result.session, speaker, label, token());
  }

  const token = () => model.access.value?.token ?? '';

  function tellApartAgain(event: SubmitEvent): void {
    event.preventDefault();
    const count = Number(new FormData(event.currentTarget as HTMLFormElement).get('count'));
    void controller()?.finishAgain(count);
  }

  return (
    <section class="speakers" aria-label={t.speakers}>
      {speakers.map(({ id, role }) => {
        const label = labelOf(model.transcript.value, id);
        return (
          <div key={id} class={`speaker ${speakerClass(result, id)}`}>
            <input
              type="text"
              aria-label={t.rename}
              maxLength={80}
              value={nameOf(result, model.transcript.value, id, t)}
              onChange={(event) => correct(id, { name: event.currentTarget.value.trim() })}
            />
            <select
              aria-label={t.role}
              value={label.role ?? role}
              onChange={(event) => correct(id, { role: event.currentTarget.value })}
            >
              {Role.options.map((each) => (
                <option key={each} value={each}>
                  {t.roles[each]}
                </option>
              ))}
            </select>
            {model.transcript.value.labels.some(({ speaker }) => speaker === id) && (
              <button
                type="button"
                data-testid="undo"
                onClick={() => void undoLabel(result.session, id, token())}
              >
                {t.undoCorrection}
              </button>
            )}
          </div>
        );
      })}
      <form class="row" data-testid="again" onSubmit={tellApartAgain}>
        <label>
          {t.speakerCount}{' '}
          <input type="number" name="count" min={1} max={20} required defaultValue={speakers.length} />
        </label>
        <button type="submit">{t.tellApartAgain}</button>
      </form>
    </section>
  );
}
