import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';
import type { Encoder, ModelInfo } from '../../core/ports.ts';
import { createEncodeApp, type EncodeAppParts } from '../../http/encode-app.ts';
import { createRemoteEncoder } from '../../http/remote-encoder.ts';
import { listen, type RunningServer } from '../../http/server.ts';
import { expectOk } from './expect-ok.ts';
import { createLog, createTestApp } from './search-app.ts';

/** The encoder's routes, mounted as the service mounts them. */
export function createEncodeTestApp(encoder: Encoder, parts: Partial<EncodeAppParts> = {}) {
  const all = { logger: createLog(), timeoutMs: 30_000, ...parts };
  return createTestApp().route('/', createEncodeApp(encoder, all));
}

/** Servers that are gone after the tests of the file. */
export function useEncodeServers() {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(() => Promise.all(closers.map((close) => close())));

  async function start(
    encoder: Encoder,
    parts: Partial<EncodeAppParts> = {},
    port = 0,
  ): Promise<RunningServer> {
    const { fetch } = createEncodeTestApp(encoder, parts);
    const server = expectOk(await listen({ fetch, hostname: '127.0.0.1', port }));
    closers.push(() => server.close(0).then(() => encoder.close()));
    return server;
  }

  return {
    start,
    /** Serves an encoder over HTTP, and gives its URL. */
    async serve(encoder: Encoder, parts: Partial<EncodeAppParts> = {}): Promise<string> {
      return urlOf((await start(encoder, parts)).port);
    },
    /** A server that knows its model, and answers all else as the test wants; gives its URL. */
    async misbehave(model: ModelInfo, listener: RequestListener): Promise<string> {
      const server = createServer((request, response) => {
        if (request.url === '/encode/model') response.end(JSON.stringify(model));
        else listener(request.resume(), response);
      });
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      closers.push(async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      });
      return urlOf((server.address() as AddressInfo).port);
    },
  };
}

export function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export async function connect(baseUrl: string, timeoutMs = 30_000): Promise<Encoder> {
  return expectOk(await createRemoteEncoder({ baseUrl, timeoutMs }));
}
