import sharp from 'sharp';
import { type AskedChat, type ChatBehaviour, says } from './openai-server.ts';

/** What Gemini counts for a picture of at most 384 pixels, and its older models for any. */
const tokensOfPicture = 258;

interface Part {
  readonly text?: string;
  readonly image_url?: { readonly url: string };
}

/** The data URLs of the pictures that were shown, in order. */
export function shownPictures({ body }: AskedChat): string[] {
  return partsOf(body.messages).flatMap((part) => part.image_url?.url ?? []);
}

/**
 * A vision model that really looks: it names the reddest pictures first, by the numbers that they were
 * shown with, and counts tokens as a vision model does.
 */
export function seesRed(count = 4): ChatBehaviour {
  return async (response, asked) => {
    const redness = await Promise.all(shownPictures(asked).map(rednessOf));
    const best = [...redness.entries()]
      .toSorted(([, a], [, b]) => b - a)
      .map(([index]) => index + 1)
      .slice(0, count);
    const answer = JSON.stringify({ best });
    const usage = { input: tokensOf(asked), output: Math.ceil(answer.length / 4) };
    return says([answer], { usage })(response, asked);
  };
}

async function rednessOf(url: string): Promise<number> {
  const bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
  const { channels } = await sharp(bytes).stats();
  const [red = 0, green = 0, blue = 0] = channels.map(({ mean }) => mean);
  return red - (green + blue) / 2;
}

/** A token for four characters of text, and so many for a picture. */
function tokensOf(asked: AskedChat): number {
  const text = partsOf(asked.body.messages).map((part) => part.text ?? '');
  const pictures = shownPictures(asked).length;
  return Math.ceil(text.join('').length / 4) + pictures * tokensOfPicture;
}

function partsOf(messages: AskedChat['body']['messages'] = []): Part[] {
  return messages.flatMap(({ content }) =>
    Array.isArray(content) ? (content as Part[]) : [{ text: String(content) }],
  );
}
