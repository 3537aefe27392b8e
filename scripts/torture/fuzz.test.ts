import t from 'tap';
import { fuzz } from './fuzz.ts';
import { shortly } from './harness/shortly.ts';

shortly(
  t,
  '[A2] [I5] hostile messages, requests and files neither stop the server nor lose anything',
  fuzz,
  2_500,
);
