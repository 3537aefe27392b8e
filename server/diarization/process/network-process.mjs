// A child process does not inherit the loader that lets its parent read TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./network-process.ts');
