import { expect, it } from 'vitest';
import { describeEncoder } from '../contracts/encoder.ts';
import { expectOk } from './expect-ok.ts';
import { createFakeEncoder } from './fake-encoder.ts';
import { colours, pngOf } from './images.ts';
import { similarity } from './similarity.ts';

describeEncoder('The fake encoder', async () => createFakeEncoder());

it('puts a red picture nearer to "red" than to any other colour', async () => {
  const encoder = createFakeEncoder();
  const names = Object.keys(colours);
  const texts = expectOk(await encoder.encodeTexts(names));
  const [image] = expectOk(await encoder.encodeImages([await pngOf(colours.red)]));
  const vector = image?.ok ? image.value.vector : undefined;
  const scores = texts.map((text) => similarity(text.vector, vector));
  expect(names[scores.indexOf(Math.max(...scores))]).toBe('red');
});
