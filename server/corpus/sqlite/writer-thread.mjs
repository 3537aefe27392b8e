// A worker thread of Node 20 does not inherit the loader that lets the main thread read TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./writer-thread.ts');
