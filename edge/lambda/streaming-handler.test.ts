import { PassThrough, type Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { abortFailure } from '../../core/failure.ts';
import { ok } from '../../core/result.ts';
import type { Search } from '../../core/search.ts';
import { lambdaContext, lambdaEvents, searchRequest } from '../../test/support/lambda-events.ts';
import { createResponse, createTestApp } from '../../test/support/search-app.ts';
import { createEventParser } from '../../web/event-stream.ts';
import { createLambdaHandler } from './handler.ts';
import {
  createStreamingHandler,
  lambdaStreaming,
  type LambdaStreaming,
} from './streaming-handler.ts';

interface Head {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the runtime does with an answer: it notes its head, and hands the body on. */
function createRuntime() {
  const heads: Head[] = [];
  const streaming: LambdaStreaming = {
    streamifyResponse: (handler) => handler,
    HttpResponseStream: {
      from(out: Writable, head: Head) {
        heads.push(head);
        return out;
      },
    },
  };
  return { heads, streaming };
}

const events = { accept: 'text/event-stream' };
const toEvent = lambdaEvents['function URL'];
const found = createResponse({ query: 'a dog' });

function createHandler(search: Search, flush = async () => {}) {
  const { heads, streaming } = createRuntime();
  const handler = createStreamingHandler(createTestApp({ search }), flush, streaming);
  return { handler, heads };
}

async function textOf(out: PassThrough): Promise<string> {
  let text = '';
  for await (const chunk of out) text += String(chunk);
  return text;
}

describe('a Lambda function that streams its answers', () => {
  it('writes the results before the explanation has begun, and sends metrics at the end', async () => {
    const goOn = Promise.withResolvers<void>();
    const done: string[] = [];
    const { handler, heads } = createHandler(
      async (_, { progress }) => {
        progress?.results(found);
        await goOn.promise;
        progress?.explanation('Woof.');
        return ok({ ...found, explanation: 'Woof.' });
      },
      async () => void done.push('flushed'),
    );
    const out = new PassThrough({ encoding: 'utf8' });
    const invoked = handler(toEvent(searchRequest('a dog', events)), out, lambdaContext());
    const parse = createEventParser();
    const [first] = await new Promise<ReturnType<typeof parse>>((resolve) =>
      out.once('data', (text: string) => resolve(parse(text))),
    );
    expect(first?.name).toBe('results');
    expect(JSON.parse(first?.data ?? '')).toEqual(found);
    expect(heads).toMatchObject([
      { statusCode: 200, headers: { 'content-type': 'text/event-stream' } },
    ]);
    expect(done).toEqual([]);
    goOn.resolve();
    const rest = textOf(out);
    await invoked;
    expect(done).toEqual(['flushed']);
    expect(parse(await rest).map(({ name }) => name)).toEqual(['explanation', 'done']);
  });

  it('answers whoever wants JSON, and refuses, as the buffered one does', async () => {
    const search: Search = async () => ok(found);
    for (const request of [searchRequest('a dog'), searchRequest(''), { path: '/nowhere' }]) {
      const event = toEvent(request);
      const buffered = await createLambdaHandler(createTestApp({ search }), async () => {})(
        event,
        lambdaContext(),
      );
      const { handler, heads } = createHandler(search);
      const out = new PassThrough();
      const text = textOf(out);
      await handler(event, out, lambdaContext());
      expect(heads[0]?.statusCode).toBe(buffered.statusCode);
      expect(heads[0]?.headers['content-type']).toBe(buffered.headers?.['content-type']);
      expect(withoutIds(await text)).toEqual(withoutIds(buffered.body));
    }
  });

  it('writes a head also where there is no body', async () => {
    const { handler, heads } = createHandler(async () => ok(found));
    const out = new PassThrough();
    const text = textOf(out);
    const event = toEvent({ method: 'HEAD', path: '/search', query: 'q=a' });
    await handler(event, out, lambdaContext());
    expect(await text).toBe('');
    expect(heads).toHaveLength(1);
  });

  it('ends the search where nobody hears the answer, and fails not', async () => {
    const left = Promise.withResolvers<string>();
    let flushes = 0;
    const { handler } = createHandler(
      async (_, { progress, signal }) => {
        progress?.results(found);
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        left.resolve(abortFailure(signal).code);
        return ok(found);
      },
      async () => void (flushes += 1),
    );
    const out = new PassThrough();
    out.once('data', () => out.destroy());
    await handler(toEvent(searchRequest('a dog', events)), out, lambdaContext());
    // Not by its deadline.
    expect(await left.promise).toBe('cancelled');
    expect(flushes).toBe(1);
  });

  it('ends before Lambda ends it', async () => {
    const { handler } = createHandler(async (_, { progress, signal }) => {
      progress?.results(found);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      return ok(found);
    });
    const out = new PassThrough();
    const text = textOf(out);
    await handler(toEvent(searchRequest('a dog', events)), out, lambdaContext(700));
    expect(createEventParser()(await text).map(({ name }) => name)).toEqual(['results', 'done']);
  });

  it('says so where nobody streams', async () => {
    expect(lambdaStreaming()).toBeUndefined();
    const handler = createStreamingHandler(createTestApp(), async () => {}, undefined);
    const invoked = handler(toEvent({ path: '/livez' }), new PassThrough(), lambdaContext());
    await expect(invoked).rejects.toThrow(/no runtime of Lambda/);
  });
});

describe('the buffered handler', () => {
  it('gives a stream of events whole', async () => {
    const search: Search = async (_, { progress }) => {
      progress?.results(found);
      progress?.explanation('Woof.');
      return ok({ ...found, explanation: 'Woof.' });
    };
    const handler = createLambdaHandler(createTestApp({ search }), async () => {});
    const { body, headers, isBase64Encoded } = await handler(
      toEvent(searchRequest('a dog', events)),
      lambdaContext(),
    );
    expect(isBase64Encoded).toBe(false);
    expect(headers?.['content-type']).toBe('text/event-stream');
    expect(createEventParser()(body).map(({ name }) => name)).toEqual([
      'results',
      'explanation',
      'done',
    ]);
  });
});

function withoutIds(text: string): string {
  return text.replace(/"request_id":"[^"]*"/, '');
}
