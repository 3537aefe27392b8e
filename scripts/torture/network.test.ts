import t from 'tap';
import { shortly } from './harness/shortly.ts';
import { network } from './network.ts';

shortly(t, '[I2] [I3] [I4] whatever the network does, every slice arrives once', network, 7);
