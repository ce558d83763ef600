import type { Stores } from './fauxqs.ts';

type ListObjects = Stores['s3Store']['listObjects'];

const all = Number.MAX_SAFE_INTEGER;

/**
 * Lists in the order of the keys' bytes, as S3 does. The one that is wrapped sorts as a language does
 * and goes on after a key as bytes do, so that its pages leave keys out.
 */
export function listsInKeyOrder(list: ListObjects): ListObjects {
  return (bucket, { prefix, delimiter, maxKeys = 1000, startAfter, marker } = {}) => {
    const whole = list(bucket, {
      maxKeys: all,
      ...(prefix === undefined ? {} : { prefix }),
      ...(delimiter === undefined ? {} : { delimiter }),
    });
    const after = startAfter ?? marker ?? '';
    const entries = [
      ...whole.objects.map((object) => ({ key: object.key, object })),
      ...whole.commonPrefixes.map((key) => ({ key, object: undefined })),
    ];
    const rest = entries
      .filter(({ key }) => after === '' || compareKeys(key, after) > 0)
      .sort((a, b) => compareKeys(a.key, b.key));
    const page = rest.slice(0, maxKeys);
    return {
      objects: page.flatMap(({ object }) => (object === undefined ? [] : [object])),
      commonPrefixes: page.flatMap(({ key, object }) => (object === undefined ? [key] : [])),
      isTruncated: rest.length > page.length,
    };
  };
}

function compareKeys(a: string, b: string): number {
  // UTF-16 and UTF-8 differ above the surrogates alone, but there they do.
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
