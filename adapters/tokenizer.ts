import { readFile } from 'node:fs/promises';
import { Tokenizer as Vendor } from '@huggingface/tokenizers';
import { type Async, failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';

/** What a text is to the text tower. */
export interface TokenizedText {
  /** At least 1, at most `contextLength`, start and end tokens included. */
  readonly ids: readonly number[];
  /** Tokens were left out at the end, as there were more than the tower can read. */
  readonly truncated: boolean;
}

export interface Tokenizer {
  /**
   * Never fails. What the vocabulary does not have becomes its unknown token; a text without any
   * token (control characters, say) becomes the start and end tokens, or else one padding token.
   */
  encode(text: string): TokenizedText;
}

/**
 * Far more than any context length can hold: a word that a caller never ends must not cost
 * seconds of byte-pair merging.
 */
const maxCharacters = 8192;

const withoutFrame = { add_special_tokens: false } as const;

/**
 * @param options.path A `tokenizer.json`, as the `tokenizers` library writes it.
 * @param options.paddingId Stands for a text of no tokens where the model has no start or end.
 * @returns Fails with `invalid_model`.
 */
export async function createTokenizer(options: {
  readonly path: string;
  readonly contextLength: number;
  readonly paddingId?: number;
  /** Texts are lowered first, where the vocabulary does not do so itself. */
  readonly lowercase?: boolean;
}): Async<Tokenizer> {
  const { path, contextLength, paddingId = 0, lowercase = false } = options;
  try {
    const vendor = new Vendor(parseObject(await readFile(path, 'utf8')), {});
    const { start, end } = findFrame(vendor);
    const room = contextLength - start.length - end.length;
    return ok({
      encode(text) {
        const head = limitLength(text);
        const read = lowercase ? head.toLowerCase() : head;
        // Without an unknown token in its vocabulary the vendor answers `undefined` for one.
        const content = vendor.encode(read, withoutFrame).ids.filter(Number.isInteger);
        const ids = [...start, ...content.slice(0, room), ...end];
        return {
          ids: ids.length > 0 ? ids : [paddingId],
          truncated: content.length > room || head.length < text.length,
        };
      },
    });
  } catch (cause) {
    const detail = `Cannot load the model as its tokenizer cannot be read; pull the model again: ${path}`;
    return err(failure('invalid_model', detail, { cause }));
  }
}

/** The tokens that the model wants before and behind every text. */
function findFrame(vendor: Vendor): { readonly start: number[]; readonly end: number[] } {
  const word = vendor.encode('a', withoutFrame).ids;
  const framed = vendor.encode('a').ids;
  const start = findWord(framed, word);
  return { start: framed.slice(0, start), end: framed.slice(start + word.length) };
}

function findWord(framed: readonly number[], word: readonly number[]): number {
  const starts = Array.from({ length: framed.length - word.length + 1 }, (_, start) => start);
  const found = starts.find((start) => word.every((id, index) => framed[start + index] === id));
  if (found === undefined) throw new Error('a text is not among its own tokens');
  return found;
}

function limitLength(text: string): string {
  if (text.length <= maxCharacters) return text;
  // Characters of two UTF-16 units are not cut in half.
  return text.slice(0, maxCharacters).replace(/[\uD800-\uDBFF]$/, '');
}

function parseObject(json: string): object {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  return value;
}
