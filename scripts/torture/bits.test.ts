import t from 'tap';
import { bits } from './bits.ts';
import { shortly } from './harness/shortly.ts';

shortly(t, '[C1] single bits turned over are seen, and the other sessions stay readable', bits, 12);
