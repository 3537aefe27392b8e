import t from 'tap';
import { crash } from './crash.ts';
import { shortly } from './harness/shortly.ts';

shortly(
  t,
  '[I1] [F1] nothing is lost, doubled or finished otherwise, wherever the server is killed',
  crash,
  5,
);
