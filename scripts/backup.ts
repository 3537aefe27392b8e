import { backup } from './tools/backup.ts';
import { runTool } from './tools/run-tool.ts';

await runTool(backup);
