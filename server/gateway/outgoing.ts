/**
 * What goes out on one connection. A peer that does not read costs a bounded number of bytes and is then
 * given up; what is replaced as a whole each time (`tail`, `status`, `progress`) waits once at most.
 */
import { encode, type ServerMessage } from '../../shared/protocol.ts';
import type { Clock } from '../clock.ts';
import type { Connection } from './socket.ts';

export interface Outgoing {
  send(message: ServerMessage): void;
  drained(): void;
  stop(): void;
}

const superseded: ReadonlySet<ServerMessage['type']> = new Set(['tail', 'status', 'progress']);

export function createOutgoing(
  connection: Connection,
  clock: Clock,
  limits: { outgoingBytes: number; stallSeconds: number },
  tooSlow: () => void,
): Outgoing {
  let waiting: { type: ServerMessage['type']; bytes: Uint8Array }[] = [];
  let waitingBytes = 0;
  let cancelStall = () => {};

  function watchStall(): void {
    cancelStall();
    cancelStall = waiting.length === 0 ? () => {} : clock.after(limits.stallSeconds * 1000, tooSlow);
  }

  return {
    send(message) {
      const bytes = encode(message);
      if (waiting.length === 0 && connection.send(bytes)) return;
      if (superseded.has(message.type)) {
        const older = waiting.findIndex((entry) => entry.type === message.type);
        if (older >= 0) waitingBytes -= waiting.splice(older, 1)[0]!.bytes.length;
      }
      waiting.push({ type: message.type, bytes });
      waitingBytes += bytes.length;
      if (waitingBytes > limits.outgoingBytes) tooSlow();
      else if (waiting.length === 1) watchStall();
    },
    drained() {
      let sent = 0;
      while (sent < waiting.length && connection.send(waiting[sent]!.bytes)) {
        waitingBytes -= waiting[sent]!.bytes.length;
        sent += 1;
      }
      if (sent === 0) return;
      waiting = waiting.slice(sent);
      watchStall();
    },
    stop() {
      cancelStall();
      waiting = [];
      waitingBytes = 0;
    },
  };
}
