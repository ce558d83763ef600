import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/**
 * An emulator of AWS that speaks CloudFormation and runs functions (`ministack` of PyPI, say), for tests
 * that are skipped without one: `AWS_EMULATOR_URL=http://127.0.0.1:4566`.
 */
export const emulatorUrl = process.env['AWS_EMULATOR_URL'];

const region = 'us-east-1';

/** What everybody who asks the emulator is told: it checks no signatures. */
function emulatorEnvironment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: region,
  };
}

/** For the clients of its SDK. */
export function emulatorClient(url: string) {
  return {
    endpoint: url,
    region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  };
}

/** Runs the CDK's own command; what it printed. */
export async function runCdk(url: string | undefined, ...args: readonly string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ...(url !== undefined && emulatorEnvironment(url)) };
  const options = { env, maxBuffer: 64 << 20 };
  const { stdout, stderr } = await promisify(execFile)('node_modules/.bin/cdk', args, options);
  return stdout + stderr;
}

export async function putSecret(url: string, name: string, value: string): Promise<void> {
  const client = new SecretsManagerClient(emulatorClient(url));
  await client.send(new CreateSecretCommand({ Name: name, SecretString: value }));
}

/** One call of a service that speaks AWS's old query protocol; its answer is XML. */
export async function askQuery(
  url: string,
  service: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const scope = `Credential=test/20260101/${region}/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`;
  const body = new URLSearchParams(parameters);
  const answer = await fetch(url, { method: 'POST', headers: { authorization }, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
  return text;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** One request of a viewer to a distribution: as `fetch`, which may not choose the host. */
export function askDistribution(
  url: string,
  host: string,
  path: string,
  { method = 'GET', headers = {}, body = '' } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(
      new URL(path, url),
      { method, headers: { ...headers, host, 'x-forwarded-proto': 'https' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (some: string) => (text += some));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    asking.once('error', reject);
    asking.end(body);
  });
}
