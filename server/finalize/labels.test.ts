import t from 'tap';
import type { EventData, EventOf, FinalResult } from '../../shared/events.ts';
import { labelled, standingLabels } from './labels.ts';

const label = (n: number, data: Omit<EventData<'speaker.labelled'>, 'by'>): EventOf<'speaker.labelled'> => ({
  session: 's',
  n,
  at: '',
  type: 'speaker.labelled',
  data: { by: 'ana', ...data },
});
const result = {
  speakers: [
    { id: 'SPEAKER_00', role: 'unknown' },
    { id: 'SPEAKER_01', role: 'unknown' },
  ],
} as FinalResult;

t.test('the newest name and the newest role of a speaker stand, each by itself', async (t) => {
  const labels = standingLabels([
    label(5, { speaker: 'SPEAKER_00', name: 'Dr Ruiz', role: 'clinician' }),
    label(6, { speaker: 'SPEAKER_00', name: 'Dra. Ruiz' }),
  ]);
  t.same(labelled(result, labels).speakers, [
    { id: 'SPEAKER_00', name: 'Dra. Ruiz', role: 'clinician' },
    { id: 'SPEAKER_01', role: 'unknown' },
  ]);
});

t.test('a correction can be taken back, and the one before it stands again', async (t) => {
  const labels = standingLabels([
    label(5, { speaker: 'SPEAKER_01', name: 'Luis' }),
    label(6, { speaker: 'SPEAKER_01', name: 'Juan' }),
    label(7, { speaker: 'SPEAKER_01', undoes: 6 }),
  ]);
  t.equal(labelled(result, labels).speakers[1]?.name, 'Luis');
});

t.test(
  'a correction is of the result it was made on: another finish tells speakers apart anew',
  async (t) => {
    const completed: EventOf<'finish.completed'> = {
      ...{ session: 's', n: 6, at: '', type: 'finish.completed' },
      data: { request: 'r', warnings: [], speakers: 2, words: 1 },
    };
    const [before, after] = [
      label(5, { speaker: 'SPEAKER_00', name: 'Dr Ruiz' }),
      label(7, { speaker: 'SPEAKER_01', name: 'Luis' }),
    ];
    t.same(standingLabels([before, completed, after]), [after]);
    const onlyText = { ...completed, data: { ...completed.data, sameSpeakers: true as const } };
    t.same(standingLabels([before, onlyText, after]), [before, after], 'unless only the text is new');
  },
);
