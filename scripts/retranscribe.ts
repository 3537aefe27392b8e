import { retranscribeTool } from './tools/retranscribe.ts';
import { runTool } from './tools/run-tool.ts';

await runTool(retranscribeTool);
