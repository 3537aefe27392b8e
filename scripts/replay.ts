import { replay } from './replay/replay.ts';
import { runTool } from './tools/run-tool.ts';

await runTool(replay);
