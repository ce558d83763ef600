import { beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFakeEncoder } from '../test/support/fake-encoder.ts';
import { createRecord } from '../test/support/points.ts';
import { requestContext } from '../test/support/request-context.ts';
import { limits, searchQueryUpTo, type Vector } from './model.ts';
import type { Encoder, VectorStore } from './ports.ts';
import { createSearch } from './search.ts';
import { unitSum } from './vector-sums.ts';

const encoder = createFakeEncoder({ dimensions: 256 });
const subjects = ['dog', 'cat', 'house', 'car', 'tree', 'boat', 'horse', 'bird', 'child', 'lamp'];
const places = ['beach', 'snow', 'street', 'forest', 'desert', 'night', 'rain', 'kitchen'];

/** Pictures lie apart from texts, as in CLIP: all have something in common that no text has. */
const common = Float32Array.from({ length: 256 }, (_, place) => (place % 2 === 0 ? 0.09 : 0.01));

/** The id of the picture of a subject in a place. */
const idOf = (subject: string, place: string): string =>
  String(1000 + subjects.indexOf(subject) * 100 + places.indexOf(place));

let store: VectorStore;
let asked: { texts: string[][]; queries: number; vectors: number };

beforeEach(async () => {
  store = createMemoryStore({ dimensions: 256 });
  asked = { texts: [], queries: 0, vectors: 0 };
  for (const subject of subjects) {
    for (const place of places) await add(idOf(subject, place), `${subject} ${place}`);
  }
});

/** By text. */
const vectors = new Map<string, Vector>();

async function encode(text: string): Promise<Vector> {
  const [encoded] = vectors.has(text) ? [] : expectOk(await encoder.encodeTexts([text]));
  if (encoded) vectors.set(text, encoded.vector);
  return vectors.get(text) ?? new Float32Array(256);
}

async function add(id: string, shows: string, more: { content?: string; shift?: number } = {}) {
  const text = await encode(shows);
  const shift = Float32Array.from(common, (_, place) => (place === 7 ? (more.shift ?? 0) : 0));
  const vector = unitSum([
    { vector: text, weight: 0.6 },
    { vector: common, weight: 1 },
    { vector: shift, weight: 1 },
  ]);
  const [subject = '', place = ''] = shows.split(' ');
  const record = createRecord(id, { subject, place });
  const origin = { ...record.origin, ...(more.content && { content: more.content }) };
  expectOk(await store.upsert([{ record: { ...record, origin }, vector }]));
}

async function search(request: object, model: Partial<Encoder['model']> = {}) {
  const searchThere = createSearch({
    encoder: {
      ...encoder,
      model: { ...encoder.model, ...model },
      encodeTexts(texts, signal) {
        asked.texts.push([...texts]);
        return encoder.encodeTexts(texts, signal);
      },
    },
    store: {
      ...store,
      query(query) {
        asked.queries += 1;
        return store.query(query);
      },
      vectors(ids, signal) {
        asked.vectors += ids.length;
        return store.vectors(ids, signal);
      },
    },
    urlsOf: () => ({ url: '/', thumbnail_url: null }),
  });
  const query = searchQueryUpTo(limits.listed).parse(request);
  return searchThere(query, requestContext());
}

/** What the pictures show: `dog beach`. */
async function shown(request: object): Promise<string[]> {
  const { results } = expectOk(await search(request));
  return results.map(
    ({ metadata }) => `${String(metadata['subject'])} ${String(metadata['place'])}`,
  );
}

describe('a search for one sentence', () => {
  it('asks for one text and asks the store once, for no more than is wanted', async () => {
    expect(await shown({ query: 'dog', top_k: 3 })).toHaveLength(3);
    expect(asked).toEqual({ texts: [['dog']], queries: 1, vectors: 0 });
  });
});

describe('several texts', () => {
  it('are searched for together, as one', async () => {
    const request = { query: 'dog', texts: [{ text: 'snow' }], top_k: 1 };
    expect(await shown(request)).toEqual(['dog snow']);
    expect(
      await shown({ ...request, query: '', texts: [{ text: 'cat' }, { text: 'rain' }] }),
    ).toEqual(['cat rain']);
    expect(asked).toEqual({
      texts: [
        ['dog', 'snow'],
        ['cat', 'rain'],
      ],
      queries: 2,
      vectors: 0,
    });
  });

  it('count as their weights say', async () => {
    const counted = async (weight: number) => {
      const found = await shown({ query: 'dog', texts: [{ text: 'snow', weight }], top_k: 8 });
      return found.filter((one) => one.startsWith('dog')).length;
    };
    expect(await counted(0.3)).toBe(8);
    expect(await counted(3)).toBe(1);
  });

  it('say that one of them was too long', async () => {
    const texts = [{ text: 'snow '.repeat(50) }];
    expect(expectOk(await search({ query: 'dog', texts })).query_truncated).toBe(true);
    expect(expectOk(await search({ query: 'dog', exclude: ['snow'] })).query_truncated).toBe(false);
    // Together they are longer than what the model reads, but nobody asked for that.
    const long = { query: 'dog '.repeat(12), exclude: ['snow '.repeat(12)] };
    expect(expectOk(await search(long)).query_truncated).toBe(false);
  });
});

describe('like', () => {
  const liked = idOf('dog', 'beach');

  it('finds pictures like it, without it, and needs no encoder', async () => {
    const found = await shown({ like: [liked], top_k: 16 });
    expect(found).not.toContain('dog beach');
    expect(found.every((one) => one.includes('dog') || one.includes('beach'))).toBe(true);
    expect(asked.texts).toEqual([]);
  });

  it('is heard together with words, neither over the other', async () => {
    expect((await shown({ like: [liked], query: 'snow', top_k: 1 }))[0]).toBe('dog snow');
    expect((await shown({ like: [liked], query: 'cat', top_k: 1 }))[0]).toBe('cat beach');
  });

  it('finds what several pictures have in common', async () => {
    const like = [idOf('dog', 'beach'), idOf('dog', 'street'), idOf('dog', 'rain')];
    const found = await shown({ like, top_k: 5 });
    expect(found.every((one) => one.startsWith('dog'))).toBe(true);
  });

  it('names the ids that no picture has', async () => {
    const failed = expectFailure(await search({ like: [liked, '5', '6'], query: 'snow' }));
    const message = 'no picture in the index has this id';
    expect(failed).toMatchObject({
      code: 'invalid_field',
      errors: [
        { path: 'like.1', message },
        { path: 'like.2', message },
      ],
    });
  });

  it('has no query to tell of', async () => {
    expect(expectOk(await search({ like: [liked] })).query).toBeNull();
  });
});

describe('exclude', () => {
  it('leaves out what shows the excluded text, and keeps the rest of the query', async () => {
    const found = await shown({ query: 'beach', exclude: ['dog'], top_k: 9 });
    expect(found).not.toContain('dog beach');
    expect(found.slice(0, 5).every((one) => one.endsWith('beach'))).toBe(true);
    expect(found).toHaveLength(9);
  });

  it('leaves out each of several', async () => {
    const found = await shown({ query: 'beach', exclude: ['dog', 'cat', 'child'], top_k: 20 });
    expect(found.filter((one) => /dog|cat|child/.test(one))).toEqual([]);
  });

  it('holds for pictures that are like others, too', async () => {
    const found = await shown({ like: [idOf('dog', 'beach')], exclude: ['beach'], top_k: 5 });
    expect(found.every((one) => one.startsWith('dog'))).toBe(true);
  });

  it('leaves next to nothing out where nothing shows it', async () => {
    const found = await shown({ query: 'dog', exclude: ['submarine'], top_k: 8 });
    expect(found.filter((one) => one.startsWith('dog')).length).toBeGreaterThanOrEqual(6);
  });

  it('asks for more where too much was excluded, and lets nothing through the filters', async () => {
    // More than are asked for at first, all of them better than what is wanted.
    for (let n = 0; n < 920; n += 1) {
      const shows = n % 4 === 0 ? 'dog beach' : 'lamp kitchen';
      await add(String(5000 + n), shows, { shift: n / 10_000 });
    }
    const filters = { place: 'beach' };
    const found = await shown({ query: 'dog beach', exclude: ['dog'], filters, top_k: 5 });
    expect(found).toHaveLength(5);
    expect(found.every((one) => one.endsWith('beach') && !one.startsWith('dog'))).toBe(true);
    expect(asked.queries).toBe(3);
  });
});

describe('diversity', () => {
  it('shows other things than more of the same, after the best', async () => {
    for (let n = 0; n < 8; n += 1) await add(String(6000 + n), 'dog beach', { shift: n / 100 });
    const plain = await shown({ query: 'dog beach', top_k: 6 });
    const varied = await shown({ query: 'dog beach', top_k: 6, diversity: 0.5 });
    expect(new Set(plain).size).toBe(1);
    expect(new Set(varied).size).toBeGreaterThan(3);
    expect(varied[0]).toBe(plain[0]);
  });
});

describe('fold_duplicates', () => {
  it('puts nearly the same pictures under the best, and fills the page', async () => {
    for (let n = 0; n < 20; n += 1) await add(String(7000 + n), 'dog beach', { shift: n / 1000 });
    const { results } = expectOk(await search({ query: 'dog', fold_duplicates: true, top_k: 8 }));
    expect(results).toHaveLength(8);
    const counts = results.map(({ duplicates }) => duplicates.length);
    expect(counts.filter((count) => count > 0)).toEqual([20]);
    const all = results.flatMap(({ id, duplicates }) => [id, ...duplicates]);
    expect(new Set(all).size).toBe(28);
  });

  it('knows copies by their content, however far down', async () => {
    for (let n = 0; n < 120; n += 1) await add(String(8000 + n), 'lamp kitchen', { shift: n / 50 });
    await add('9001', 'boat desert', { content: 'x' });
    await add('9002', 'boat rain', { content: 'x' });
    const request = { query: 'lamp kitchen', fold_duplicates: true, top_k: 1000 };
    const { results } = expectOk(await search(request));
    const copies = results.filter(({ id }) => id === '9001' || id === '9002');
    expect(copies).toHaveLength(1);
    expect(copies[0]?.duplicates).toEqual([copies[0]?.id === '9001' ? '9002' : '9001']);
  });
});

describe('score_threshold auto', () => {
  it('keeps those that belong and leaves out the rest', async () => {
    const found = await shown({ query: 'dog', score_threshold: 'auto', top_k: 80 });
    expect(found.filter((one) => one.startsWith('dog'))).toHaveLength(8);
    expect(found.length).toBeLessThan(12);
  });

  it('keeps the best of a query that nothing fits, and next to nothing else', async () => {
    const found = await shown({ query: 'xylophone', score_threshold: 'auto', top_k: 80 });
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(found.length).toBeLessThan(10);
  });
});

describe('score_threshold auto of a calibrated model', () => {
  const calibration = { slope: 50, middle: 0.25 };

  it('leaves out what the model is not sure of, but never the best', async () => {
    const ask = async (query: object) => {
      const request = { ...query, score_threshold: 'auto', top_k: 80 };
      return expectOk(await search(request, { calibration })).results;
    };
    const found = await ask({ query: 'dog' });
    expect(found.map(({ metadata }) => metadata['subject'])).toEqual(Array(8).fill('dog'));
    expect(await ask({ query: 'xylophone' })).toHaveLength(1);
    const without = await ask({ query: 'dog', exclude: ['beach'] });
    expect(without.map(({ metadata }) => metadata['subject'])).toEqual(Array(7).fill('dog'));
  });
});

describe('confidence', () => {
  const calibration = { slope: 30, middle: 0.2 };

  it('reads the cosine with the words, where the model is calibrated', async () => {
    const plain = expectOk(await search({ query: 'dog' }, { calibration })).results;
    expect(plain[0]?.confidence).toBeCloseTo(
      1 / (1 + Math.exp(-30 * ((plain[0]?.score ?? 0) - 0.2))),
      3,
    );
    expect(expectOk(await search({ query: 'dog' })).results[0]?.confidence).toBeNull();
  });

  it('is that of the words also where something is excluded, and none where pictures are asked with', async () => {
    const plain = expectOk(await search({ query: 'dog' }, { calibration })).results;
    const without = { query: 'dog', exclude: ['beach'] };
    const moved = expectOk(await search(without, { calibration })).results;
    const before = new Map(plain.map(({ id, confidence }) => [id, confidence]));
    const both = moved.filter(({ id }) => before.has(id));
    expect(both.length).toBeGreaterThan(3);
    for (const { id, confidence } of both) {
      expect(confidence).toBeCloseTo(before.get(id) ?? Number.NaN, 3);
    }
    const like = { query: 'dog', like: [idOf('cat', 'rain')] };
    const liked = expectOk(await search(like, { calibration })).results;
    expect(liked.every(({ confidence }) => confidence === null)).toBe(true);
  });
});
