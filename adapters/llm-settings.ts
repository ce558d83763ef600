import * as z from 'zod';
import { EnvBoolean } from '../core/env.ts';

const BaseUrl = z.url({
  protocol: /^https?$/,
  error: 'must be the address of an API, such as http://localhost:11434/v1',
});
/** A secret from a file often ends with a line break, which no header may have. */
const Key = z.string().trim().min(1);
const Milliseconds = z.coerce.number().int().min(100).max(60_000);
const DailyQuota = z.coerce.number().int().min(1).max(1_000_000_000);
/** US dollars for a million tokens. */
const Price = z.coerce.number().min(0).max(10_000);

/** The part of an environment that says which language models may be asked, and how often. */
export const LlmSettings = z.object({
  /** Whether a model explains results to whoever asks for it. */
  LLM_ENABLED: EnvBoolean.default(false),
  LLM_MODEL: z.string().min(1).default('gpt-4o-mini'),
  OPENAI_API_KEY: Key.optional(),
  /** Anything that speaks OpenAI's chat completions. Left out: OpenAI. */
  OPENAI_BASE_URL: BaseUrl.optional(),
  /** How long an explanation may take from its first to its last word. */
  LLM_TIMEOUT_MS: Milliseconds.default(5000),
  LLM_MAX_TOKENS: z.coerce.number().int().min(16).max(4000).default(200),
  /** Explanations of a day (UTC), of all processes that share a Redis. */
  LLM_DAILY_QUOTA: DailyQuota.default(1000),
  LLM_INPUT_PRICE: Price.optional(),
  LLM_OUTPUT_PRICE: Price.optional(),
  /** Whether a vision model puts the best results in order for whoever asks for it. */
  RERANK_ENABLED: EnvBoolean.default(false),
  RERANK_MODEL: z.string().min(1).default('gemini-1.5-flash'),
  /** Left out: that of Google for a `gemini` where `OPENAI_BASE_URL` is not set either, else that. */
  RERANK_BASE_URL: BaseUrl.optional(),
  /** Left out: `OPENAI_API_KEY`, where both are asked at the same endpoint. */
  RERANK_API_KEY: Key.optional(),
  RERANK_TIMEOUT_MS: Milliseconds.default(4000),
  RERANK_DAILY_QUOTA: DailyQuota.default(1000),
  RERANK_INPUT_PRICE: Price.optional(),
  RERANK_OUTPUT_PRICE: Price.optional(),
});
export type LlmSettings = z.infer<typeof LlmSettings>;

/** One model, where it is, and what may be asked of it. */
export interface LlmAccess {
  readonly model: string;
  readonly baseUrl: string | undefined;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly dailyQuota: number;
  /** US dollars for a million tokens; left out where nobody has said. */
  readonly prices: { readonly input: number; readonly output: number } | undefined;
}

/** Who explains; `undefined` where nobody does. */
export function explanationAccess(settings: LlmSettings): LlmAccess | undefined {
  if (!settings.LLM_ENABLED) return undefined;
  return {
    model: settings.LLM_MODEL,
    baseUrl: settings.OPENAI_BASE_URL,
    apiKey: settings.OPENAI_API_KEY,
    timeoutMs: settings.LLM_TIMEOUT_MS,
    dailyQuota: settings.LLM_DAILY_QUOTA,
    prices: pricesOf(settings.LLM_MODEL, settings.LLM_INPUT_PRICE, settings.LLM_OUTPUT_PRICE),
  };
}

/** Who puts results in order; `undefined` where nobody does. */
export function rerankAccess(settings: LlmSettings): LlmAccess | undefined {
  if (!settings.RERANK_ENABLED) return undefined;
  const { RERANK_MODEL: model, RERANK_BASE_URL: ownUrl, RERANK_API_KEY: ownKey } = settings;
  const isGoogles = settings.OPENAI_BASE_URL === undefined && model.startsWith('gemini');
  const baseUrl = ownUrl ?? (isGoogles ? googleUrl : settings.OPENAI_BASE_URL);
  return {
    model,
    baseUrl,
    // A key is sent only where it belongs: that of OPENAI_BASE_URL to no other endpoint.
    apiKey: ownKey ?? (baseUrl === settings.OPENAI_BASE_URL ? settings.OPENAI_API_KEY : undefined),
    timeoutMs: settings.RERANK_TIMEOUT_MS,
    dailyQuota: settings.RERANK_DAILY_QUOTA,
    prices: pricesOf(
      settings.RERANK_MODEL,
      settings.RERANK_INPUT_PRICE,
      settings.RERANK_OUTPUT_PRICE,
    ),
  };
}

/** For the config that has these settings: `.superRefine(checkLlmSettings)`. */
export function checkLlmSettings(settings: LlmSettings, context: z.RefinementCtx): void {
  const refuse = (name: keyof LlmSettings, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  const explanation = explanationAccess(settings);
  if (explanation && lacksKey(explanation)) {
    refuse(
      'OPENAI_API_KEY',
      'must be set where LLM_ENABLED is true, unless OPENAI_BASE_URL is that of another endpoint',
    );
  }
  const rerank = rerankAccess(settings);
  if (rerank && lacksKey(rerank)) {
    refuse(
      'RERANK_API_KEY',
      `must be set where RERANK_ENABLED is true and ${rerank.model} is asked at ${hostOf(rerank.baseUrl)}`,
    );
  }
}

/** Speaks OpenAI's chat completions. */
const googleUrl = 'https://generativelanguage.googleapis.com/v1beta/openai';
/** Nothing goes there without a key; of others that is not known. */
const needKeys = /(^|\.)(api\.openai\.com|generativelanguage\.googleapis\.com)$/;

function lacksKey({ baseUrl, apiKey }: LlmAccess): boolean {
  return apiKey === undefined && needKeys.test(hostOf(baseUrl));
}

function hostOf(baseUrl = 'https://api.openai.com'): string {
  return new URL(baseUrl).hostname;
}

/** List prices of the default models, to be checked before anybody relies on them. */
const listPrices: ReadonlyMap<string, LlmAccess['prices']> = new Map([
  ['gpt-4o-mini', { input: 0.15, output: 0.6 }],
  ['gemini-1.5-flash', { input: 0.075, output: 0.3 }],
]);

function pricesOf(model: string, input?: number, output?: number): LlmAccess['prices'] {
  if (input === undefined && output === undefined) return listPrices.get(model);
  return { input: input ?? 0, output: output ?? 0 };
}
