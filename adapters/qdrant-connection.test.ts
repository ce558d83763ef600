import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { startTestQdrant } from '../test/support/open-qdrant.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import {
  createQdrantConnection,
  type QdrantAddress,
  type QdrantConnection,
} from './qdrant-connection.ts';

const createDirectory = useTemporaryDirectories();

describe('a call to Qdrant', () => {
  it('ends at its deadline when the server does not answer', async () => {
    const server = await startTestQdrant();
    const connection = connect(server, 500);
    expectOk(await askVersion(connection));
    server.faults.hang();
    expect(expectFailure(await askVersion(connection)).code).toBe('timeout');
    expect(server.calls.at(-1)?.timeoutMs).toBeLessThanOrEqual(500);
    await server.faults.heal();
    expectOk(await askVersion(connection));
  });

  it('ends at its deadline when nobody speaks behind an open port', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    for (const tls of [false, true]) {
      const connection = connect({ host: '127.0.0.1', port, tls }, 60);
      expect(expectFailure(await askVersion(connection)).code).toBe('timeout');
    }
  });

  it('ends when its caller leaves, and says for which reason', async () => {
    const server = await startTestQdrant();
    server.faults.hang();
    const connection = connect(server);
    const leaving = new AbortController();
    const asked = askVersion(connection, leaving.signal);
    await setTimeout(20);
    leaving.abort();
    expect(expectFailure(await asked).code).toBe('cancelled');
    const late = askVersion(connection, AbortSignal.timeout(30));
    expect(expectFailure(await late).code).toBe('timeout');
  });

  it('ends when the store is closed, and there is none afterwards', async () => {
    const server = await startTestQdrant();
    server.faults.hang();
    const connection = connect(server);
    const asked = askVersion(connection);
    await setTimeout(20);
    connection.close();
    expect(expectFailure(await asked).code).toBe('store_unavailable');
    expect(expectFailure(await askVersion(connection)).code).toBe('store_unavailable');
  });

  it('is asked again when the connection breaks, and fails when it breaks again', async () => {
    const server = await startTestQdrant();
    const connection = connect(server);
    expectOk(await askVersion(connection));
    server.faults.delay(100);
    const asked = askVersion(connection);
    await setTimeout(30);
    server.faults.breakConnections();
    expectOk(await asked);
    await server.faults.refuse();
    expect(expectFailure(await askVersion(connection)).code).toBe('store_unavailable');
    await server.faults.accept();
    expectOk(await askVersion(connection));
  });

  it('carries the trace that it is part of', async () => {
    const server = await startTestQdrant();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const asked = await connect(server).ask(
      ({ health }, options) => health.healthCheck({}, options),
      { traceparent },
    );
    expectOk(asked);
    expect(server.calls.at(-1)?.metadata['traceparent']).toBe(traceparent);
  });

  it('has the key, over TLS with a certificate that is trusted', async () => {
    const tls = await createCertificate();
    const server = await startTestQdrant({ tls, apiKey: 'secret' });
    const { host, port } = server;
    const list = (address: Partial<QdrantAddress>) =>
      connect({ host, port, tls: true, ...address }).ask(({ collections }, options) =>
        collections.list({}, options),
      );
    expectOk(await list({ ca: tls.cert, apiKey: 'secret' }));
    for (const apiKey of ['wrong', undefined]) {
      const refused = expectFailure(await list({ ca: tls.cert, apiKey }));
      expect(refused.code).toBe('store_unavailable');
      expect(refused.detail).toContain('QDRANT_API_KEY');
    }
    const untrusted = expectFailure(await list({ apiKey: 'secret' }));
    expect(untrusted.detail).toContain('QDRANT_TLS');
    const plain = expectFailure(await list({ tls: false, apiKey: 'secret' }));
    expect(plain.code).toBe('store_unavailable');
  });
});

function connect(address: QdrantAddress, timeoutMs = 5_000): QdrantConnection {
  const { host, port, tls, apiKey, ca } = address;
  const connection = createQdrantConnection(
    { host, port, apiKey, ca, tls: tls === true },
    timeoutMs,
  );
  onTestFinished(() => connection.close());
  return connection;
}

function askVersion(connection: QdrantConnection, signal?: AbortSignal) {
  return connection.ask(({ health }, options) => health.healthCheck({}, options), { signal });
}

/** For 127.0.0.1, signed by itself. */
async function createCertificate(): Promise<{ key: string; cert: string }> {
  const folder = await createDirectory();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout ${key} -out ${cert}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key ?? '', 'utf8'), cert: readFileSync(cert ?? '', 'utf8') };
}
