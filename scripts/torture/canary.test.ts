import t from 'tap';
import { canary } from './canary.ts';
import { shortly } from './harness/shortly.ts';

shortly(t, '[C2] [C4] what is erased leaves no trace, and what is not is nowhere to be read', canary, 1);
