import { bootstrapAndRun } from './bootstrap.mjs';

await bootstrapAndRun([
  { script: 'scripts/set-up.ts', args: [] },
  { script: 'server/main.ts', args: process.argv.slice(2) },
]);
