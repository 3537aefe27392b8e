/** `npm run verify [-- --session ID] [--json]`: reads every event and blob; names the first bad one of each session. */
import { SYSTEM_STREAM } from '../../server/corpus/corpus.ts';
import { summaryOf, withCorpus } from './corpus.ts';
import { createCommand, type Tool } from './run-tool.ts';

export const verify: Tool = async (task) => {
  const { config, say } = task;
  const program = createCommand(
    'verify',
    'Checks every byte of the corpus, also while the server runs.',
    task,
  )
    .option('--session <id>', 'only this session')
    .option('--json', 'the report as one JSON object');
  program.parse(task.args, { from: 'user' });
  const { session, json } = program.opts<{ session?: string; json?: true }>();
  return withCorpus(config, 'read', async (corpus) => {
    if (session !== undefined) await summaryOf(corpus, session);
    const report = await corpus.verify(session);
    const { faults, sessions, events, blobs } = report;
    if (json) say(JSON.stringify(report));
    else {
      for (const { session: stream, n, what } of faults) {
        const place =
          stream === SYSTEM_STREAM
            ? n === 0
              ? 'the database'
              : `system event ${n}`
            : `${stream}, event ${n}`;
        say(`✗ ${place}: ${what}`);
      }
      say(
        `${faults.length === 0 ? '✓' : '✗'} ${sessions} sessions, ${events} events, ${blobs} blobs; ${faults.length} bad`,
      );
    }
    return faults.length === 0;
  });
};
