import type * as z from 'zod';
import { type Async, failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import {
  type HubAnswer,
  type Refusal,
  requestFromHub,
  type RequestOptions,
} from './model-hub-request.ts';
import { withRetries } from './model-hub-retry.ts';

export interface JsonPage<T> {
  readonly content: T;
  /** Where the rest of a list is; perhaps relative, perhaps on another host. */
  readonly next: string | undefined;
}

export interface JsonOptions extends RequestOptions {
  readonly retryDelayMs: number;
}

/** One answer of the hub's API. Fails with `model_unavailable`. */
export function readHubJson<T>(
  url: string,
  schema: z.ZodType<T>,
  options: JsonOptions,
): Async<JsonPage<T>> {
  return withRetries(
    async () => {
      const answer = await requestFromHub(url, options);
      return answer.ok ? parseAnswer(answer.value, schema, url) : answer;
    },
    { delayMs: options.retryDelayMs, signal: options.signal },
  );
}

async function parseAnswer<T>(
  { response, parts }: HubAnswer,
  schema: z.ZodType<T>,
  url: string,
): Promise<Result<JsonPage<T>, Refusal>> {
  const chunks: Uint8Array[] = [];
  for await (const part of parts()) {
    if (!part.ok) return part;
    chunks.push(part.value);
  }
  const parsed = schema.safeParse(parseJson(Buffer.concat(chunks).toString('utf8')));
  if (parsed.success) {
    const next = /<([^>]+)>\s*;[^,]*rel="?next"?/.exec(response.headers.get('link') ?? '')?.[1];
    return ok({ content: parsed.data, next });
  }
  const detail = `Cannot pull the model as what came is not a hub's answer; check HF_ENDPOINT: ${url}`;
  const refused = failure('model_unavailable', detail, { cause: parsed.error });
  return err({ failure: refused, again: false });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
