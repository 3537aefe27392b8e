import t from 'tap';
import { shortly } from './harness/shortly.ts';
import { slow } from './slow.ts';

// Time and memory are for the whole torture on a quiet machine; here it is that everybody is served.
const served = { ...slow, atMost: { not_acknowledged: 0 } };
shortly(t, '[A2] those who do not read and those who trickle keep nobody from recording', served, 40);
