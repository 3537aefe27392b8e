/** A process of its own for those who idle, so that they cost the ones who measure nothing. Ends with its parent. */
import { systemClock } from '../../../server/clock.ts';
import { neverReads, trickles } from './idlers.ts';

export interface IdlersOrder {
  port: number;
  tokens: readonly string[];
}

const idle = (port: number, token: string, index: number) => {
  if (index % 2 === 0) neverReads(port, token, `idler-${index}`);
  else trickles(port, token, index % 4 === 1 ? 'upgrade' : 'message');
};

process.on('message', ({ port, tokens }: IdlersOrder) => {
  // Strangers do not keep step: their seconds begin at different moments.
  for (const [index, token] of tokens.entries()) {
    systemClock.after((1_000 * index) / tokens.length, () => idle(port, token, index));
  }
  process.send?.('there');
});
process.on('disconnect', () => process.exit(0));
