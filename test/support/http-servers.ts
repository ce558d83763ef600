import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';

export interface AskedRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly port: number;
  /** The requests that came, in order. */
  readonly asked: readonly AskedRequest[];
  /** How many connections were made so far. */
  connections(): number;
  close(): Promise<void>;
}

/** What a server does with its n-th request, counted from 0. */
export type Script = (response: ServerResponse, place: number, request: IncomingMessage) => unknown;

/** Servers that do as the test wants, and are gone after it. */
export function useHttpServers() {
  const closers: (() => Promise<void>)[] = [];
  afterEach(() => Promise.all(closers.splice(0).map((close) => close())));

  return async function serve(script: Script, port = 0): Promise<ScriptedServer> {
    const asked: AskedRequest[] = [];
    let connections = 0;
    const server = createServer(async (request, response) => {
      const { method, url, headers } = request;
      const place = asked.push({ method, url, headers, body: '' }) - 1;
      // Whoever leaves in the middle of his request asked for nothing.
      const body = await text(request).catch(() => '');
      asked[place] = { method, url, headers, body };
      await script(response, place, request);
    });
    server.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
    const address = server.address() as AddressInfo;
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    closers.push(close);
    return {
      url: `http://127.0.0.1:${address.port}`,
      port: address.port,
      asked,
      connections: () => connections,
      close,
    };
  };
}

/** Answers with this value as JSON. */
export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  const headers = { 'content-type': 'application/json' };
  response.writeHead(status, headers).end(JSON.stringify(value));
}
