/** `npm run audit [-- --session ID] [--since TIME] [--json]`: every read, export, erasure and denied attempt. */
import { InvalidArgumentError } from 'commander';
import { describeEvent } from '../replay/describe.ts';
import { readAuditTrail } from './audit-trail.ts';
import { summaryOf, withCorpus } from './corpus.ts';
import { createCommand, type Tool } from './run-tool.ts';

export const audit: Tool = async (task) => {
  const { config, say, note } = task;
  const program = createCommand(
    'audit',
    'Shows who read, exported or erased what, and who was denied; oldest first.',
    task,
  )
    .option('--session <id>', 'only this session')
    .option(
      '--since <time>',
      'from this moment on: 2026-01-31, or with a time of day as in 2026-01-31T08:00Z',
      parseTime,
      0,
    )
    .option('--json', 'one JSON object a line');
  program.parse(task.args, { from: 'user' });
  const { session, since, json } = program.opts<{ session?: string; since: number; json?: true }>();
  return withCorpus(config, 'read', async (corpus) => {
    if (session !== undefined) await summaryOf(corpus, session);
    const { events, damaged } = await readAuditTrail(corpus, { since, ...(session && { session }) });
    for (const event of events) {
      const line = [event.at, event.session, event.type.padEnd(16), describeEvent(event)].join('  ');
      say(json ? JSON.stringify(event) : line);
    }
    for (const stream of damaged)
      note(`✗ ${stream} does not verify: its trail may go on where it cannot be read.`);
    return damaged.length === 0;
  });
};

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be a date such as 2026-01-31.');
  return time;
}
