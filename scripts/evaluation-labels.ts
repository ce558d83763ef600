import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import * as z from 'zod';

const Emoji = z.object({
  hexcode: z.string(),
  subgroup: z.int().optional(),
  tags: z.array(z.string()).default([]),
});
const Messages = z.object({ subgroups: z.array(z.object({ key: z.string(), order: z.int() })) });

/** What people have written about a demo picture: no model has a say in it. */
export interface PictureLabels {
  /** Its file without folder and ending: `guide-dog`. */
  readonly name: string;
  /** The part of emojibase that it stands in: `animal-mammal`. */
  readonly subgroup: string;
  /** The keywords that emojibase gives it. */
  readonly tags: readonly string[];
}

/** The labels of a demo picture by its key, such as `animals-nature/guide-dog.png`. */
export type LabelsOf = (key: string) => PictureLabels;

/** Reads the labels that the packages of the demo pictures come with. */
export async function readDemoLabels(): Promise<LabelsOf> {
  const [names, emoji, { subgroups }] = await Promise.all([
    readPackage('@iconify-json/noto/chars.json', z.record(z.string(), z.string())),
    readPackage('emojibase-data/en/data.json', z.array(Emoji)),
    readPackage('emojibase-data/en/messages.json', Messages),
  ]);
  const keyOf = new Map(subgroups.map(({ key, order }) => [order, key]));
  const known = new Map(
    emoji.flatMap(({ hexcode, subgroup, tags }) => {
      const hex = hexcode.toLowerCase();
      const name = names[hex] ?? names[hex.replaceAll('-fe0f', '')];
      const part = subgroup === undefined ? undefined : keyOf.get(subgroup);
      return name === undefined ? [] : [[name, { subgroup: part ?? '', tags }] as const];
    }),
  );
  return (key) => {
    const name = key.replace(/^.*\//, '').replace(/\.png$/, '');
    return { name, ...(known.get(name) ?? { subgroup: '', tags: [] }) };
  };
}

/**
 * Whether a picture is one of those that a list of terms speaks of: one term at least fits, and none
 * behind a `not`. A term is words of the name that stand together (`dog` and `guide-dog` fit
 * `guide-dog`, `do` does not), all of the name (`=dog`), a part of emojibase (`in:animal-bird`), or a
 * keyword (`tag:sad`).
 */
export function isOneOf(labels: PictureLabels, terms: readonly string[]): boolean {
  const fits = (term: string) => fitsTerm(labels, term);
  const nots = terms.filter((term) => term.startsWith('not '));
  const others = terms.filter((term) => !term.startsWith('not '));
  return others.some(fits) && !nots.some((term) => fits(term.slice('not '.length)));
}

function fitsTerm({ name, subgroup, tags }: PictureLabels, term: string): boolean {
  if (term.startsWith('=')) return name === term.slice(1);
  if (term.startsWith('in:')) return subgroup === term.slice('in:'.length);
  if (term.startsWith('tag:')) return tags.includes(term.slice('tag:'.length));
  return `-${name}-`.includes(`-${term}-`);
}

async function readPackage<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const { resolve } = createRequire(import.meta.url);
  return schema.parse(JSON.parse(await readFile(resolve(path), 'utf8')));
}
