import { runTool } from './tools/run-tool.ts';
import { verify } from './tools/verify.ts';

await runTool(verify);
