import t from 'tap';
import { access } from './access.ts';
import { shortly } from './harness/shortly.ts';

shortly(t, '[A1] nobody gets anything by any route or message who must not', access, 1);
