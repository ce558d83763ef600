import type { Explainer } from '../core/llm.ts';
import { err, ok } from '../core/result.ts';
import { explanationPrompt } from './explanation-prompt.ts';
import type { ChatQuestion, OpenAiClient } from './openai-client.ts';
import { unusable } from './openai-failure.ts';
import { createPlainText } from './plain-text.ts';
import { createSpokenText } from './spoken-text.ts';

export interface OpenAiExplainerOptions {
  readonly client: OpenAiClient;
  readonly model: string;
  readonly maxTokens: number;
}

const temperature = 0.3;
/** More than any language needs for a token: only an endpoint that ignores the bound gets there. */
const charactersPerToken = 8;

/** Explains by a model behind an OpenAI endpoint, that is told words and numbers, and no pictures. */
export function createOpenAiExplainer(options: OpenAiExplainerOptions): Explainer {
  const { client, model, maxTokens } = options;
  const maxCharacters = maxTokens * charactersPerToken;
  return {
    model,
    keyOf(request) {
      const { system, user } = explanationPrompt(request);
      return JSON.stringify([model, maxTokens, temperature, system, user]);
    },
    async explain(request, { signal, onPiece }) {
      const { system, user } = explanationPrompt(request);
      const messages: ChatQuestion['messages'] = [
        { role: 'system', content: system },
        { role: 'user', content: user },
      ];
      const spoken = createSpokenText();
      const plain = createPlainText();
      let text = '';
      const add = (piece: string): void => {
        const words = plain(spoken(piece));
        text += words;
        if (words !== '') onPiece?.(words);
      };
      const question = { model, messages, maxTokens, temperature };
      const answer = await client.stream(question, { signal, maxCharacters, onPiece: add });
      if (!answer.ok) return answer;
      return text === '' ? err(unusable('empty')) : ok({ text, usage: answer.value.usage });
    },
  };
}
