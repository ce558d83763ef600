import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChatBehaviour,
  hangsUp,
  neverAnswers,
  type OpenAiServer,
  refuses,
  says,
  startOpenAiServer,
} from './support/openai-server.ts';
import { hasChromium, type OpenPage, soon, usePages } from './support/page-in-chromium.ts';
import { type PageParts, partsOf } from './support/page-parts.ts';

describe.skipIf(!hasChromium)('explanations on the page in Chromium', () => {
  let model: OpenAiServer;
  let page: Page;
  let parts: PageParts;
  let origin: string;
  let opened: OpenPage;

  beforeAll(async () => {
    model = await startOpenAiServer();
  });
  afterAll(async () => model?.close());

  const open = usePages({
    environment: () => ({
      LLM_ENABLED: 'true',
      LLM_MODEL: 'small',
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: model.url,
      // Long for a busy machine; the one test that meets it waits for it.
      LLM_TIMEOUT_MS: '8000',
    }),
  });

  beforeEach(() => {
    opened = open();
    ({ page, origin } = opened);
    parts = partsOf(page);
  });

  const toggle = () => page.getByRole('button', { name: 'Explain results' });
  const explanation = () => parts.newest.locator('.explanation');

  test('are offered, come piece by piece, and are kept on after a reload', async () => {
    const end = Promise.withResolvers<void>();
    const inPieces: ChatBehaviour = async (response, asked) => {
      const write = response.write.bind(response);
      // The last piece waits until the first has been seen.
      response.write = (...chunk: unknown[]) => {
        const text = String(chunk[0]);
        if (text.includes('barks')) void end.promise.then(() => write(text));
        else write(text);
        return true;
      };
      const finish = response.end.bind(response);
      response.end = (...chunk: unknown[]) => {
        void end.promise.then(() => finish(String(chunk[0] ?? '')));
        return response;
      };
      await says(['These are dogs, ', 'and one ', 'barks.'])(response, asked);
    };
    model.behave(inPieces);
    await page.goto(origin);
    await toggle().click();
    expect(await toggle().getAttribute('aria-pressed')).toBe('true');
    await parts.search('a dog');
    await explanation().getByText('These are dogs, and one').waitFor();
    expect(await parts.cards.count()).toBeGreaterThan(0);
    expect(await explanation().getAttribute('data-step')).toBe('streaming');
    expect(await explanation().getAttribute('aria-busy')).toBe('true');
    end.resolve();
    await explanation().getByText('These are dogs, and one barks.').waitFor();
    await soon(() => explanation().getAttribute('data-step')).toBe('done');
    await page.reload();
    await explanation().getByText('These are dogs, and one barks.').waitFor();
    expect(await toggle().getAttribute('aria-pressed')).toBe('true');
  });

  test('are asked for at once for what is shown, where they are turned on', async () => {
    model.behave(says('Two words.'));
    await parts.open(origin, 'a cat');
    expect(await explanation().getAttribute('data-step')).toBe('none');
    await toggle().click();
    await explanation().getByText('Two words.').waitFor();
    await toggle().click();
    await parts.search('a zebra');
    expect(await explanation().getAttribute('data-step')).toBe('none');
  });

  test.each([
    ['does not answer', 'does not answer', hangsUp],
    ['takes too long', 'took too long', neverAnswers],
    ['refuses', 'does not answer', refuses(500)],
  ])('are missed in a sentence where the model %s', async (_, sentence, behaviour) => {
    model.behave(behaviour);
    await page.goto(origin);
    await toggle().click();
    await parts.search(`a dog that ${sentence}`);
    await parts.cards.first().waitFor();
    await explanation().getByText(`No explanation: the language model ${sentence}.`).waitFor();
    expect(await explanation().getAttribute('data-step')).toBe('missing');
    expect(await parts.newest.getByRole('alert').count()).toBe(0);
  });

  test('take words of the model for text', async () => {
    model.behave(says('<img src=x onerror="document.title=3"> [link](javascript:alert(1))'));
    await page.goto(origin);
    await toggle().click();
    await parts.search('a hamster');
    await explanation().getByText('<img src=x').waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
  });
});
