/** A process of its own for the networks and the clustering, so that neither ever holds up the server. */
import { setPriority } from 'node:os';
import { loadNetworks, type Networks } from '../load-networks.ts';
import { createRecording, type Recording } from '../recording.ts';
import { analyseWindows } from '../window-analyser.ts';
import type { Answer, Notice, Request } from './messages.ts';

/** Lower than everything that somebody waits for. */
const NICENESS = 10;
/** Windows in one inference. */
const BATCH = 8;

type AnalyseRequest = Extract<Request, { method: 'analyse' }>;

let networks: Networks | undefined;
const recordings = new Map<number, Recording>();
const waiting: (Request | Notice)[] = [];
let working = false;

const answer = (message: Answer) => process.send?.(message);

async function work(): Promise<void> {
  if (working) return;
  working = true;
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    const { method } = message;
    if (method === 'gather') gather(message);
    else if (method === 'forget') recordings.delete(message.recording);
    else if (method === 'analyse') await analyse([message, ...takeAnalyses(BATCH - 1)]);
    else {
      const request = message;
      await attempt(request.id, () => perform(request));
    }
  }
  working = false;
}

function takeAnalyses(most: number): AnalyseRequest[] {
  const taken: AnalyseRequest[] = [];
  while (taken.length < most && waiting[0]?.method === 'analyse')
    taken.push(waiting.shift() as AnalyseRequest);
  return taken;
}

async function attempt(id: number, task: () => unknown): Promise<void> {
  try {
    answer({ id, result: await task() });
  } catch (error) {
    answer({ id, failure: error instanceof Error ? error.message : String(error) });
  }
}

async function analyse(requests: readonly AnalyseRequest[]): Promise<void> {
  const { segmenter, embedder } = loaded();
  try {
    const analyses = await analyseWindows(segmenter, embedder, requests);
    for (const [position, { id }] of requests.entries()) answer({ id, result: analyses[position] });
  } catch (error) {
    // One bad window must not fail its neighbours.
    if (requests.length > 1) for (const request of requests) await analyse([request]);
    else answer({ id: requests[0]!.id, failure: error instanceof Error ? error.message : String(error) });
  }
}

async function perform(request: Exclude<Request, AnalyseRequest>): Promise<unknown> {
  switch (request.method) {
    case 'load': {
      networks = await loadNetworks(request.options);
      return { method: networks.method, embedder: networks.embedder.name };
    }
    case 'conclude':
      return recordingOf(request.recording).conclude(request.options);
  }
}

function loaded(): Networks {
  if (networks === undefined) throw new Error('The networks are not loaded.');
  return networks;
}

function gather({ recording, windows, upToDate }: Extract<Notice, { method: 'gather' }>): void {
  const gathered = recordingOf(recording);
  gathered.add(windows);
  try {
    if (upToDate) gathered.lookAhead();
  } catch {
    // Concluding meets it again, and has somebody to tell.
  }
}

function recordingOf(number: number): Recording {
  const known = recordings.get(number) ?? createRecording(loaded());
  recordings.set(number, known);
  return known;
}

// The terminal sends its interrupt to the whole group, and the server still wants answers while it stops.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());
process.on('message', (message: Request | Notice) => {
  waiting.push(message);
  void work();
});
setPriority(NICENESS);
