import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { answerJson, useHttpServers } from '../test/support/http-servers.ts';
import { withSecrets } from './secret-environment.ts';

const serve = useHttpServers();

const inAws = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'a key of AWS',
  AWS_SESSION_TOKEN: 'a token of AWS',
};

type Answers = Readonly<Record<string, (response: ServerResponse, tries: number) => void>>;

/** What speaks as Secrets Manager does: how it answers is said for each secret. */
async function startManager(answers: Answers) {
  const tries = new Map<string, number>();
  const server = await serve((response, place) => {
    const { body } = server.asked[place] ?? {};
    const { SecretId: id } = JSON.parse(body ?? '{}') as { readonly SecretId: string };
    const count = (tries.get(id) ?? 0) + 1;
    tries.set(id, count);
    answers[id]?.(response, count);
  });
  return { server, tries };
}

const text = (value: string) => (response: ServerResponse) =>
  answerJson(response, { Name: 'a secret', SecretString: value, VersionStages: ['AWSCURRENT'] });

const refuse = (type: string, message: string, status = 400) => {
  return (response: ServerResponse) =>
    answerJson(response, { __type: type, Message: message }, status);
};

async function read(answers: Answers, secrets: Readonly<Record<string, string>>, tryMs = 10_000) {
  const { server, tries } = await startManager(answers);
  const env = { ...inAws, AWS_ENDPOINT_URL: server.url, SECRETS: JSON.stringify(secrets) };
  return { result: await withSecrets(env, tryMs), server, tries };
}

describe('an environment without SECRETS', () => {
  it('stays as it is, and asks nobody', async () => {
    const env = { LOG_LEVEL: 'info', SECRETS: '' };
    expect(expectOk(await withSecrets(env))).toBe(env);
  });
});

describe('an environment with SECRETS', () => {
  it('has what they name, beside all that it had', async () => {
    const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:redis-AbCdEf';
    const { result, server } = await read(
      { 'picture-search/dev/api-keys': text('[]'), [arn]: text('pass,word\n') },
      { API_KEYS: 'picture-search/dev/api-keys', REDIS_PASSWORD: arn },
    );
    expect(expectOk(result)).toMatchObject({
      AWS_REGION: 'eu-central-1',
      API_KEYS: '[]',
      REDIS_PASSWORD: 'pass,word\n',
    });
    expect(server.asked).toHaveLength(2);
    expect(server.asked[0]).toMatchObject({
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'secretsmanager.GetSecretValue',
        'x-amz-security-token': 'a token of AWS',
        authorization: expect.stringMatching(
          /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request, /,
        ),
      },
    });
  });

  it('has the secret where somebody also wrote a text', async () => {
    const { server } = await startManager({ keys: text('secret') });
    const env = { ...inAws, AWS_ENDPOINT_URL_SECRETS_MANAGER: server.url, API_KEYS: 'text' };
    const result = await withSecrets({ ...env, SECRETS: '{"API_KEYS":"keys"}' });
    expect(expectOk(result)['API_KEYS']).toBe('secret');
  });

  it('asks for all of them at the same time', async () => {
    const waiting: ServerResponse[] = [];
    const wait = (response: ServerResponse): void => {
      waiting.push(response);
      if (waiting.length === 3) for (const each of waiting) text('here')(each);
    };
    const { result } = await read({ a: wait, b: wait, c: wait }, { A: 'a', B: 'b', C: 'c' });
    expect(expectOk(result)).toMatchObject({ A: 'here', B: 'here', C: 'here' });
  });
});

describe('a secret', () => {
  const again = (first: (response: ServerResponse) => void) => {
    return (response: ServerResponse, count: number) =>
      count === 1 ? first(response) : text('at last')(response);
  };

  it.each([
    ['throttled', refuse('ThrottlingException', 'Rate exceeded')],
    ['throttled, with a status of its own', refuse('x', 'Too many', 429)],
    ['met by an error', refuse('InternalServiceError', 'Try later', 500)],
    ['answered by something else', (response: ServerResponse) => response.writeHead(503).end('<')],
    ['cut off', (response: ServerResponse) => response.destroy()],
  ])('is asked for once more when it was %s', async (_, first) => {
    const { result, tries } = await read({ a: again(first) }, { A: 'a' });
    expect(expectOk(result)['A']).toBe('at last');
    expect(tries.get('a')).toBe(2);
  });

  it.each([
    ['never answers', () => undefined],
    ['stops in the middle', (response: ServerResponse) => response.writeHead(200).write('{"Se')],
  ])('is given up where Secrets Manager %s, twice', async (_, hang) => {
    const { result, tries } = await read({ a: hang }, { A: 'a' }, 200);
    const failed = expectFailure(result);
    expect(failed.code).toBe('timeout');
    expect(failed.detail).toBe(
      "Cannot start as A can't be read from its secret (Secrets Manager did not answer within 200 ms): a",
    );
    expect(tries.get('a')).toBe(2);
  });

  it('is given up where it is throttled twice, and that may pass', async () => {
    const throttled = refuse('com.amazonaws.secretsmanager#ThrottlingException', 'Rate exceeded');
    const { result, tries } = await read({ a: throttled }, { A: 'a' });
    expect(expectFailure(result)).toMatchObject({
      code: 'timeout',
      detail: expect.stringContaining('(Secrets Manager says ThrottlingException: Rate exceeded)'),
    });
    expect(tries.get('a')).toBe(2);
  });

  it.each([
    ['denied', refuse('AccessDeniedException', 'not authorized'), /AccessDeniedException: not au/],
    ['missing', refuse('ResourceNotFoundException', 'not found'), /ResourceNotFoundException/],
    ['deleted', refuse('InvalidRequestException', 'deleted'), /InvalidRequestException/],
    ['empty', text(''), /\(it is empty\)/],
    [
      'binary',
      (response: ServerResponse) => answerJson(response, { SecretBinary: 'AAEC' }),
      /\(it has bytes and no text\)/,
    ],
  ])('that is %s is named, with its variable, and not asked for again', async (_, answer, why) => {
    const name = 'picture-search/dev/service';
    const { result, tries } = await read(
      { [name]: answer, b: text('the value of another') },
      { SERVICE_SECRET: name, B: 'b' },
    );
    const failed = expectFailure(result);
    expect(failed).toMatchObject({ code: 'invalid_field', errors: [{ path: 'SERVICE_SECRET' }] });
    expect(failed.detail).toMatch(
      /^Cannot start as SERVICE_SECRET can't be read from its secret \(/,
    );
    expect(failed.detail).toMatch(why);
    expect(failed.detail).toMatch(/: picture-search\/dev\/service$/);
    expect(JSON.stringify(failed)).not.toContain('the value of another');
    expect(tries.get(name)).toBe(1);
  });

  it('is named beside every other that fails', async () => {
    const denied = refuse('AccessDeniedException', 'no');
    const throttled = refuse('ThrottlingException', 'slowly');
    const { result } = await read({ a: denied, b: throttled }, { A: 'a', B: 'b' });
    const failed = expectFailure(result);
    expect(failed.code).toBe('invalid_field');
    expect(failed.errors?.map(({ path }) => path)).toEqual(['A', 'B']);
  });

  it('cannot be asked for where nobody listens', async () => {
    const env = { ...inAws, AWS_ENDPOINT_URL: 'http://127.0.0.1:9', SECRETS: '{"A":"a"}' };
    expect(expectFailure(await withSecrets(env)).detail).toMatch(
      /^Cannot start as A .*Secrets Manager can't be asked: .*ECONNREFUSED.*: a$/,
    );
  });
});

describe('SECRETS', () => {
  it.each(['a secret by mistake', '[]', '{"api-keys":"a"}', '{"A":""}', '{"A":1}'])(
    'that is %s is refused, and not repeated',
    async (secrets) => {
      const { code, detail } = expectFailure(await withSecrets({ ...inAws, SECRETS: secrets }));
      expect(code).toBe('invalid_field');
      expect(detail).toMatch(/^Cannot start as SECRETS must be JSON/);
      expect(detail).not.toContain(secrets);
    },
  );

  it('needs somebody who asks', async () => {
    const failed = expectFailure(
      await withSecrets({ ...inAws, AWS_REGION: '', SECRETS: '{"A":"a"}' }),
    );
    expect(failed.detail).toMatch(/AWS_REGION.* must be set/);
  });
});
