import { createRequire } from 'node:module';
import type { Listen } from '../socket.ts';
import { listenUWebSockets, loadNative } from './uwebsockets.ts';
import { listenWs } from './ws.ts';

export type TransportChoice = 'auto' | 'uws' | 'ws';

/**
 * `auto`: uWebSockets.js where its native module loads, otherwise ws.
 * @throws Error for `uws` where the module does not load.
 */
export function chooseTransport(
  choice: TransportChoice,
  requireModule = createRequire(import.meta.url),
): Listen {
  if (choice === 'ws') return listenWs;
  try {
    return listenUWebSockets(loadNative(requireModule));
  } catch (cause) {
    if (choice === 'uws') {
      throw new Error('uWebSockets.js has no build for this platform and Node; use the transport ws.', {
        cause,
      });
    }
    return listenWs;
  }
}
