/** What is left to do when all windows are analysed: from local speakers to turns. Pure; the networks are behind ports. */
import type { Turn } from '../../shared/transcript.ts';
import { type ClusteringSettings, clusterWindows, type SpeakerBounds } from './clustering.ts';
import type { ConcludeOptions, Diarization, WindowAnalysis } from './diarizer.ts';
import { rowsOf } from './matrix.ts';
import { absorbPhantoms } from './phantoms.ts';
import {
  castVotes,
  countSpeakers,
  type FrameGrid,
  reconstruct,
  releaseSilent,
  sumActivity,
  type Votes,
} from './reconstruct.ts';
import { activeSpeakers, dimensionOf } from './training-filter.ts';
import { type GridTurn, orderOfAppearance, speakerLabel, turnsOf } from './turns.ts';
import type { WarmStart } from './warm-start.ts';

export interface PipelineSettings extends ClusteringSettings {
  /** A speaker heard for less is absorbed into the most similar one; 0, the default, absorbs none. Seconds. */
  readonly phantomSeconds?: number;
}

/**
 * The windows in order of `index`, none missing. An empty or silent recording has no speakers and no turns.
 * `earlier`: what was found among the first of them, where it is to be gone on from.
 * Throws a RangeError where the bounds of the number of speakers contradict each other or windows do not fit together.
 */
export function conclude(
  windows: readonly WindowAnalysis[],
  options: ConcludeOptions,
  settings: PipelineSettings = {},
  earlier?: WarmStart,
): Diarization {
  const bounds = boundsOf(options);
  checkWindows(windows);
  const warnings: Diarization['warnings'] = [];
  const method = settings.plda === undefined ? 'agglomerative' : 'community-1';
  if (settings.plda === undefined) {
    const message =
      'The PLDA weights are not there, so speakers were told apart by agglomerative clustering alone.';
    warnings.push({ code: 'PLDA_MISSING', message });
  }
  const count = countSpeakers(sumActivity(windows, earlier?.activity));
  if (!count.some((speakers) => speakers > 0)) {
    return { method, speakers: [], turns: [], exclusiveTurns: [], centroids: [], warnings };
  }

  const activeEarlier = earlier?.active ?? [];
  const active = [...activeEarlier, ...windows.slice(activeEarlier.length).map(activeSpeakers)];
  const clusters = clusterWindows(windows, active, bounds, settings, earlier);
  if (clusters.used < clusters.available) {
    const message = `The speakers were found by ${clusters.used} of ${clusters.available} voice samples, evenly spread.`;
    warnings.push({ code: 'SPEAKERS_FROM_SUBSET', message });
  }
  const phantomSeconds = settings.phantomSeconds ?? 0;
  let speakers = releaseSilent(active, clusters.speakers);
  let { centroids } = clusters;
  const gridOf = (votes: Votes, most: number): FrameGrid =>
    reconstruct(votes, capped(count, Math.min(most, bounds.maximum)));
  // Those that the absorption ends with are what the turns come from.
  let cast: { assigned: Int32Array[]; votes: Votes } | undefined;
  const votesOf = (assigned: Int32Array[]): Votes => {
    if (cast?.assigned !== assigned) cast = { assigned, votes: castVotes(windows, assigned) };
    return cast.votes;
  };
  if (phantomSeconds > 0) {
    const layOut = (assigned: Int32Array[]) => gridOf(votesOf(assigned), Number.POSITIVE_INFINITY);
    ({ speakers, centroids } = absorbPhantoms(
      { speakers, centroids },
      layOut,
      phantomSeconds,
      bounds.minimum,
    ));
  }
  // A speaker who was only counted and never told apart is a phantom as well.
  const votes = votesOf(speakers);
  const grid = gridOf(votes, phantomSeconds > 0 ? centroids.rows : Number.POSITIVE_INFINITY);
  const turns = turnsOf(grid);
  const order = orderOfAppearance(turns);
  if (order.length < bounds.minimum || order.length > bounds.maximum) {
    const message = `${order.length} speakers were found, which is not the number that was asked for.`;
    warnings.push({ code: 'SPEAKER_COUNT_OUT_OF_BOUNDS', message });
  }
  const named = (found: readonly GridTurn[]) => nameTurns(found, order, options.duration);
  return {
    method,
    speakers: order.map((_, position) => speakerLabel(position)),
    turns: named(turns),
    exclusiveTurns: named(turnsOf(gridOf(votes, 1))),
    centroids: order.map((speaker) =>
      speaker < centroids.rows
        ? Float32Array.from(rowsOf(centroids, speaker, speaker + 1).data)
        : new Float32Array(centroids.columns),
    ),
    warnings,
  };
}

function boundsOf({ numSpeakers, minSpeakers, maxSpeakers }: ConcludeOptions): SpeakerBounds {
  const minimum = numSpeakers ?? minSpeakers ?? 1;
  const maximum = numSpeakers ?? maxSpeakers ?? Number.POSITIVE_INFINITY;
  if (!Number.isInteger(minimum) || minimum < 1)
    throw new RangeError('The number of speakers must be 1 or more.');
  if (maximum < minimum) throw new RangeError('The least number of speakers is greater than the most.');
  return { minimum, maximum };
}

function checkWindows(windows: readonly WindowAnalysis[]): void {
  const dimension = windows.length === 0 ? 0 : dimensionOf(windows[0]!);
  windows.forEach((window, position) => {
    if (window.index !== position) throw new RangeError(`Window ${position} is missing.`);
    const fits =
      window.activity.length === window.frames * window.speakers && dimensionOf(window) === dimension;
    if (!fits) throw new RangeError(`Window ${position} does not have the shape of the others.`);
  });
}

function capped(count: Uint8Array, most: number): Uint8Array {
  return count.map((speakers) => Math.min(speakers, most));
}

/** The last window is padded, so turns may reach past the end of the recording. */
function nameTurns(turns: readonly GridTurn[], order: readonly number[], duration: number): Turn[] {
  return turns
    .filter(({ start }) => start < duration)
    .map(({ speaker, start, end }) => ({
      speaker: speakerLabel(order.indexOf(speaker)),
      start,
      end: Math.min(end, duration),
    }));
}
