import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A hub that says only whether it has a file. */
export async function startModelHub() {
  const hub = { url: '', status: 200, asked: [] as string[], close: async () => {} };
  const server = createServer(({ method, url }, response) => {
    hub.asked.push(`${method} ${url}`);
    response.writeHead(hub.status).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hub.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return hub;
}
