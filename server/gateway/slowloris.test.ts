import net from 'node:net';
import t from 'tap';
import { startTestGateway } from './testing.ts';

t.test('[A2] requests that never become whole are cut, and others are served meanwhile', async (t) => {
  const stuck = [
    'GET / HTTP/1.1\r\nHost: a\r\nX-Half',
    'POST /api/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{',
  ];
  // The transports' own clocks decide when; both run at once so that the wait is paid once.
  await Promise.all(
    (['ws', 'auto'] as const).map(async (transport) => {
      const { gateway, url } = await startTestGateway(t, { transport });
      const peers = Array.from({ length: 50 }, (_, index) => {
        const peer = net.connect(gateway.port, '127.0.0.1');
        peer.on('data', () => {}).on('error', () => {});
        peer.write(stuck[index % stuck.length]!);
        return new Promise((resolve) => peer.once('close', resolve));
      });
      t.equal((await fetch(`${url}/healthz`)).status, 200);
      await Promise.all(peers);
      t.pass(`all cut by ${gateway.transport}`);
      t.equal((await fetch(`${url}/healthz`)).status, 200);
    }),
  );
});
