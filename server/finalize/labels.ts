/** Names and roles that people gave to speakers: laid over the result, which itself stays as it was. Pure. */
import type { CorpusEvent, EventOf, FinalResult } from '../../shared/events.ts';

/**
 * The corrections that stand: those of the newest speakers, not taken back, the newest last. Where speakers are told
 * apart anew, a correction of an earlier result could put somebody's name on somebody else.
 */
export function standingLabels(events: readonly CorpusEvent[]): EventOf<'speaker.labelled'>[] {
  const finished = events.findLastIndex(
    (event) => event.type === 'finish.completed' && !event.data.sameSpeakers,
  );
  const labels = events.slice(finished + 1).filter((event) => event.type === 'speaker.labelled');
  const undone = new Set(labels.map((label) => label.data.undoes));
  return labels.filter((label) => label.data.undoes === undefined && !undone.has(label.n));
}

export function labelled(result: FinalResult, labels: readonly EventOf<'speaker.labelled'>[]): FinalResult {
  const speakers = result.speakers.map((speaker) => {
    const theirs = labels.filter((label) => label.data.speaker === speaker.id);
    const name = theirs.findLast((label) => label.data.name !== undefined)?.data.name ?? speaker.name;
    const role = theirs.findLast((label) => label.data.role !== undefined)?.data.role ?? speaker.role;
    return { id: speaker.id, ...(name ? { name } : {}), role };
  });
  return { ...result, speakers };
}
