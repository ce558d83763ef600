import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import { type AwsCredentials, signedHeaders } from './aws-signature.ts';

export interface SecretsManagerOptions {
  readonly region: string;
  readonly credentials: AwsCredentials;
  /** Left out: that of AWS in the region. */
  readonly endpoint?: string | undefined;
  /** Of one try; there are two. */
  readonly tryMs: number;
}

/** Why there is no secret, as a clause for people; never with its value. */
export interface SecretTrouble {
  readonly why: string;
  /** Whether the same may be answered another time. */
  readonly passing: boolean;
}

export interface SecretsManager {
  /** The text of a secret, by its name or ARN. Never throws. */
  read(id: string): Promise<Result<string, SecretTrouble>>;
}

/**
 * Asks AWS Secrets Manager without its SDK, which takes longer to load than a secret takes to come: this
 * is done while a function starts. What may pass is tried a second time.
 */
export function createSecretsManager(options: SecretsManagerOptions): SecretsManager {
  return {
    async read(id) {
      const first = await ask(options, id);
      if (first.ok || !first.error.passing) return first;
      // Not all at the same moment: whoever is throttled is not alone.
      await sleep(50 + Math.random() * 150);
      return ask(options, id);
    },
  };
}

/** What an answer has, good or bad; some servers write `message`. */
const Answer = z.object({
  SecretString: z.string().optional(),
  SecretBinary: z.string().optional(),
  __type: z.string().optional(),
  Message: z.string().optional(),
  message: z.string().optional(),
});

async function ask(
  options: SecretsManagerOptions,
  id: string,
): Promise<Result<string, SecretTrouble>> {
  try {
    const { status, body } = await post(options, JSON.stringify({ SecretId: id }));
    const answer = Answer.safeParse(parseJson(body));
    if (status === 200 && answer.success) return usable(answer.data);
    return err(refusal(status, answer.data));
  } catch (error) {
    return err({ why: lossOf(error, options.tryMs), passing: true });
  }
}

function usable(answer: z.output<typeof Answer>): Result<string, SecretTrouble> {
  if (answer.SecretString) return ok(answer.SecretString);
  const why = answer.SecretBinary ? 'it has bytes and no text' : 'it is empty';
  return err({ why, passing: false });
}

function refusal(status: number, answer?: z.output<typeof Answer>): SecretTrouble {
  const { __type: type, Message: said = answer?.message } = answer ?? {};
  const code = type?.replace(/^.*#/, '') ?? `HTTP ${status}`;
  return {
    why: `Secrets Manager says ${code}${said ? `: ${said}` : ''}`,
    passing: status >= 500 || status === 429 || /throttl|limitexceeded|internal/i.test(code),
  };
}

function lossOf(error: unknown, tryMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || error.cause instanceof DOMException) {
    return `Secrets Manager did not answer within ${tryMs} ms`;
  }
  const { code } = error as Error & { readonly code?: string };
  return `Secrets Manager can't be asked: ${error.message || (code ?? error.name)}`;
}

async function post(
  { region, endpoint, credentials, tryMs }: SecretsManagerOptions,
  body: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const url = new URL(endpoint ?? `https://secretsmanager.${region}.${domainOf(region)}/`);
  const headers = signedHeaders(
    {
      url,
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
      },
      body,
    },
    { service: 'secretsmanager', region, credentials, date: new Date() },
  );
  const request = url.protocol === 'https:' ? requestTls : requestPlain;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(tryMs);
    request(url, { method: 'POST', headers, signal }, (response) => {
      const { statusCode: status = 0 } = response;
      text(response).then((all) => resolve({ status, body: all }), reject);
    })
      .once('error', reject)
      .end(body);
  });
}

function domainOf(region: string): string {
  if (region.startsWith('cn-')) return 'amazonaws.com.cn';
  return region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
