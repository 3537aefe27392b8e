import { audit } from './tools/audit.ts';
import { runTool } from './tools/run-tool.ts';

await runTool(audit);
