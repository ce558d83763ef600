import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface SecretsServer {
  readonly url: string;
  /** Names of the secrets that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** What speaks as AWS Secrets Manager does, with these secrets by name; it looks at no signature. */
export async function startSecrets(
  secrets: Readonly<Record<string, string>>,
): Promise<SecretsServer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { SecretId: id } = (await json(request)) as { readonly SecretId: string };
    asked.push(id);
    const value = secrets[id];
    const answer =
      value === undefined
        ? { __type: 'ResourceNotFoundException', Message: "Secrets Manager can't find it." }
        : { Name: id, SecretString: value, VersionStages: ['AWSCURRENT'] };
    response
      .writeHead(value === undefined ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
