import * as z from 'zod';
import type { Failure } from '../core/failure.ts';
import type { LlmUsage } from '../core/llm.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ChatAnswer, ChatQuestion } from './openai-client.ts';
import { unusable } from './openai-failure.ts';

// Endpoints differ in what else they say: only what is needed is looked at.

const Usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number() });
const Completion = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
  usage: z.unknown().optional(),
});
const Chunk = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: z.unknown().optional(),
});

interface Reading {
  readonly question: ChatQuestion;
  readonly maxCharacters: number;
}

/** An answer in one piece. */
export function readCompletion(answer: unknown, reading: Reading): Result<ChatAnswer, Failure> {
  const parsed = Completion.safeParse(answer);
  if (!parsed.success) return err(unusable('no chat completion', parsed.error));
  const text = parsed.data.choices[0]?.message.content ?? '';
  if (text.trim() === '') return err(unusable('empty'));
  const cut = text.slice(0, reading.maxCharacters);
  return ok({ text: cut, usage: usageOf(parsed.data.usage, reading.question, cut) });
}

/** An answer in pieces. Throws what the stream throws. */
export async function readStream(
  chunks: AsyncIterable<unknown>,
  reading: Reading & { readonly onPiece: (piece: string) => void },
): Promise<Result<ChatAnswer, Failure>> {
  const { question, maxCharacters, onPiece } = reading;
  let text = '';
  let said: unknown;
  let complete = false;
  for await (const value of chunks) {
    const chunk = Chunk.safeParse(value);
    if (!chunk.success) return err(unusable('no chat completion', chunk.error));
    const [choice] = chunk.data.choices ?? [];
    said = chunk.data.usage ?? said;
    complete ||= (choice?.finish_reason ?? '') !== '';
    const piece = (choice?.delta?.content ?? '').slice(0, maxCharacters - text.length);
    if (piece === '') continue;
    text += piece;
    onPiece(piece);
    complete ||= text.length >= maxCharacters;
    // Leaving the loop ends the call: nobody pays for what goes on for ever.
    if (text.length >= maxCharacters) break;
  }
  if (text.trim() === '') return err(unusable('empty'));
  if (!complete && !sentenceEnd.test(text)) return err(unusable('cut off'));
  return ok({ text, usage: usageOf(said, question, text) });
}

/** Some endpoints never say that they have finished: a sentence that ends is the end then. */
const sentenceEnd = /[.!?…。！？]["'”’»)\]]?\s*$/u;

function usageOf(said: unknown, { messages }: ChatQuestion, text: string): LlmUsage {
  const known = Usage.safeParse(said);
  if (known.success) {
    const { prompt_tokens: input, completion_tokens: output } = known.data;
    return { inputTokens: wholeNumber(input), outputTokens: wholeNumber(output) };
  }
  const asked = messages.map(({ content }) => guessAsked(content));
  return {
    inputTokens: asked.reduce((sum, tokens) => sum + tokens, 0),
    outputTokens: guessTokens(text),
  };
}

/** What Gemini counts for a small picture; others count from 85 up. */
const pictureTokens = 258;

function guessAsked(content: ChatQuestion['messages'][number]['content']): number {
  if (!Array.isArray(content)) return guessTokens(content ?? '');
  const parts = content.map((part) => ('text' in part ? guessTokens(part.text) : pictureTokens));
  return parts.reduce((sum, tokens) => sum + tokens, 0);
}

function wholeNumber(said: number): number {
  return Number.isFinite(said) ? Math.max(0, Math.round(said)) : 0;
}

function guessTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
