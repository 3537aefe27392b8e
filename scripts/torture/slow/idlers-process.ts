/** A process of its own for those who idle, so that they cost the ones who measure nothing. Ends with its parent. */
import { neverReads, trickles } from './idlers.ts';

export interface IdlersOrder {
  port: number;
  tokens: readonly string[];
}

process.on('message', ({ port, tokens }: IdlersOrder) => {
  for (const [index, token] of tokens.entries()) {
    if (index % 2 === 0) neverReads(port, token, `idler-${index}`);
    else trickles(port, token, index % 4 === 1 ? 'upgrade' : 'message');
  }
  process.send?.('there');
});
process.on('disconnect', () => process.exit(0));
