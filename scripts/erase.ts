import { erase } from './tools/erase.ts';
import { runTool } from './tools/run-tool.ts';

await runTool(erase);
