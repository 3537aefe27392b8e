import { rotateKey } from './tools/rotate-key.ts';
import { runTool } from './tools/run-tool.ts';

await runTool(rotateKey);
