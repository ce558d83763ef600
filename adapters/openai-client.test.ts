import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { freePort } from '../test/support/redis-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  answersWith,
  refuses,
  says,
  saysForEver,
  type ChatBehaviour,
  useOpenAiServers,
} from '../test/support/openai-server.ts';
import { createOpenAiClient, type OpenAiClient } from './openai-client.ts';

const serve = useOpenAiServers();
const apiKey = 'sk-a-secret-0123456789';
const question = {
  model: 'small',
  messages: [{ role: 'user' as const, content: 'Does it fit?' }],
  maxTokens: 50,
  temperature: 0.3,
};

function options() {
  const pieces: string[] = [];
  const onPiece = (piece: string) => void pieces.push(piece);
  return { signal: AbortSignal.timeout(20_000), maxCharacters: 1000, onPiece, pieces };
}

async function open(...behaviours: readonly ChatBehaviour[]) {
  const server = await serve(...behaviours);
  return { server, client: createOpenAiClient({ baseUrl: server.url, apiKey }) };
}

const ways = [
  ['in one piece', (client: OpenAiClient) => client.complete(question, options())],
  ['as a stream', (client: OpenAiClient) => client.stream(question, options())],
] as const;

describe('a question to an OpenAI endpoint', () => {
  it('is asked as the protocol has it, and says nothing of this machine', async () => {
    vi.stubEnv('OPENAI_ORG_ID', 'org-of-somebody');
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:1/v1');
    const { server, client } = await open();
    expectOk(await client.complete(question, options()));
    vi.unstubAllEnvs();
    const [{ headers, body } = { headers: {}, body: {} }] = server.asked;
    expect(body).toEqual({
      model: 'small',
      messages: question.messages,
      temperature: 0.3,
      max_tokens: 50,
      stream: false,
    });
    expect(headers.authorization).toBe(`Bearer ${apiKey}`);
    expect(headers['user-agent']).toBe('picture-search');
    expect(Object.keys(headers).filter((name) => /stainless|openai-/.test(name))).toEqual([]);
  });

  it('needs no key where the endpoint needs none', async () => {
    const server = await serve();
    const client = createOpenAiClient({ baseUrl: server.url });
    expectOk(await client.complete(question, options()));
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
  });

  it('is answered in one piece', async () => {
    const { client } = await open(says('It fits.', { usage: { input: 7, output: 3 } }));
    expect(expectOk(await client.complete(question, options()))).toEqual({
      text: 'It fits.',
      usage: { inputTokens: 7, outputTokens: 3 },
    });
  });

  it('is answered piece by piece, with what it cost', async () => {
    const { server, client } = await open(says('It fits.', { usage: { input: 7, output: 3 } }));
    const watched = options();
    expect(expectOk(await client.stream(question, watched))).toEqual({
      text: 'It fits.',
      usage: { inputTokens: 7, outputTokens: 3 },
    });
    expect(watched.pieces).toEqual(['It ', 'fits.']);
    expect(server.asked[0]?.body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it.each(ways)(
    'costs about a token for four characters where nobody counts, %s',
    async (_, ask) => {
      const { client } = await open(says('It fits.', { usage: null }));
      expect(expectOk(await ask(client)).usage).toEqual({ inputTokens: 3, outputTokens: 2 });
    },
  );

  it('is cut off where its answer is longer than it may be', async () => {
    const { server, client } = await open(says('0123456789', { usage: null }), saysForEver());
    const few = { ...options(), maxCharacters: 5 };
    expect(expectOk(await client.complete(question, few)).text).toBe('01234');
    expect(expectOk(await client.stream(question, few)).text).toBe('and s');
    await vi.waitFor(() => expect(server.left()).toBe(1), { timeout: 20_000 });
  });
});

describe('an endpoint that does not know a field', () => {
  const unknown = (name: string) =>
    refuses(400, { body: { error: { message: `Unknown field: ${name}`, param: name } } });

  it('is asked without it, from then on', async () => {
    const { server, client } = await open(
      unknown('stream_options'),
      unknown("'max_tokens', use 'max_completion_tokens'"),
      unknown('temperature'),
      says('It fits.', { usage: null }),
    );
    expect(expectOk(await client.stream(question, options())).text).toBe('It fits.');
    expectOk(await client.stream(question, options()));
    expect(server.asked).toHaveLength(5);
    expect(server.asked[4]?.body).toEqual({
      model: 'small',
      messages: question.messages,
      max_completion_tokens: 50,
      stream: true,
    });
  });

  it('is asked without usage where its refusal says nothing that can be read', async () => {
    const { client } = await open(
      answersWith('[{"detail": "no"}]', 'application/json', 422),
      says('It fits.'),
    );
    expect(expectOk(await client.stream(question, options())).text).toBe('It fits.');
  });

  it('is asked for usage again where its refusal was about something else', async () => {
    const { server, client } = await open(refuses(400), refuses(400), says('It fits.'));
    expect(expectFailure(await client.stream(question, options())).code).toBe('llm_unusable');
    expectOk(await client.stream(question, options()));
    const isWithUsage = server.asked.map(({ body }) => 'stream_options' in body);
    expect(isWithUsage).toEqual([true, false, true]);
  });

  it('is asked for no form of its answer where it knows none', async () => {
    const { server, client } = await open(unknown('response_format'), says('{}'));
    const responseFormat = {
      type: 'json_schema' as const,
      json_schema: { name: 'x', schema: { type: 'object' } },
    };
    expectOk(await client.complete({ ...question, responseFormat }, options()));
    expect(server.asked.map(({ body }) => 'response_format' in body)).toEqual([true, false]);
  });

  it('that refuses for ever is asked a few times, and then it fails', async () => {
    const { server, client } = await open(refuses(400));
    expect(expectFailure(await client.stream(question, options())).code).toBe('llm_unusable');
    expect(server.asked).toHaveLength(2);
    expect(expectFailure(await client.stream(question, options())).code).toBe('llm_unusable');
    expect(server.asked).toHaveLength(4);
  });
});

describe('an endpoint that has its own ways', () => {
  const chunks = (...contents: readonly string[]) =>
    contents
      .map((content) => ({ choices: [{ delta: { content }, finish_reason: '' }], usage: null }))
      .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
      .join('');

  it('may never say that it has finished, if its sentence has', async () => {
    const { client } = await open(
      answersWith(`${chunks('It ', 'fits.')}data: [DONE]\n\n`, 'text/event-stream'),
      answersWith(chunks('It ', 'fi'), 'text/event-stream'),
    );
    expect(expectOk(await client.stream(question, options())).text).toBe('It fits.');
    expect(expectFailure(await client.stream(question, options())).code).toBe('llm_unusable');
  });

  it('may call its stream something else, and count along', async () => {
    const counted = (output: number, more: object) =>
      `data: ${JSON.stringify({ usage: { prompt_tokens: 9, completion_tokens: output }, ...more })}\n\n`;
    const body = [
      ': a comment\n\n',
      counted(1, { choices: [{ delta: { role: 'assistant', content: 'It ' } }] }),
      counted(2, { choices: [{ delta: { content: 'fits' }, finish_reason: 'STOP' }] }),
    ].join('');
    const { client } = await open(answersWith(body, 'text/plain'));
    expect(expectOk(await client.stream(question, options()))).toEqual({
      text: 'It fits',
      usage: { inputTokens: 9, outputTokens: 2 },
    });
  });
});

describe('an endpoint that is busy', () => {
  it.each(ways)('is asked once more, %s', async (_, ask) => {
    const { server, client } = await open(refuses(503), says('It fits.'));
    expect(expectOk(await ask(client)).text).toBe('It fits.');
    expect(server.asked).toHaveLength(2);
  });

  it('is asked twice at most', async () => {
    const { server, client } = await open(refuses(500));
    expect(expectFailure(await client.complete(question, options()))).toMatchObject({
      code: 'llm_unavailable',
      detail: 'Cannot ask the language model as its endpoint refuses: 500',
    });
    expect(server.asked).toHaveLength(2);
  });

  it('is asked once more when it says after how long, if that is soon', async () => {
    const soon = refuses(429, { headers: { 'retry-after': '0' } });
    const { client } = await open(soon, says('It fits.'));
    expect(expectOk(await client.complete(question, options())).text).toBe('It fits.');
  });

  it('is not waited for where it says that it takes long', async () => {
    const { server, client } = await open(refuses(429, { headers: { 'retry-after': '30' } }));
    expect(expectFailure(await client.complete(question, options()))).toMatchObject({
      code: 'llm_unavailable',
      retryAfterSeconds: 30,
    });
    expect(server.asked).toHaveLength(1);
  });
});

describe('a failure', () => {
  it.each(ways)(
    'has no key in what it says, though the endpoint repeats it, %s',
    async (_, ask) => {
      const message = `Incorrect API key: ${apiKey}; and Bearer ${apiKey}, sk-another-0123456789`;
      const headers = { 'set-cookie': 'session=secret-cookie', 'x-echo': `Bearer ${apiKey}` };
      const { client } = await open(
        refuses(401, { headers, body: { error: { message, apiKey } } }),
      );
      const failed = expectFailure(await ask(client));
      expect(failed.code).toBe('llm_unavailable');
      expect(failed.cause).toMatchObject({ name: 'AuthenticationError' });
      const shown = inspect(failed, { depth: 10, showHidden: true }) + JSON.stringify(failed);
      expect(shown).toContain('Incorrect API key');
      expect(shown).not.toMatch(/secret|0123456789/);
    },
  );

  it.each(ways)('says that nobody is there, %s', async (_, ask) => {
    const client = createOpenAiClient({ baseUrl: `http://127.0.0.1:${await freePort()}/v1` });
    const failed = expectFailure(await ask(client));
    expect(failed.code).toBe('llm_unavailable');
    expect(String(failed.cause)).toContain('ECONNREFUSED');
  });
});
