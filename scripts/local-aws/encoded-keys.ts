import type { Fauxqs } from './fauxqs.ts';

/**
 * The server overhears that keys are to be url-encoded, which XML can't keep all of as they are. As S3
 * does it: slashes stay, spaces are plus.
 */
export function encodesListedKeys({ app }: Pick<Fauxqs, 'app'>): void {
  // In one turn: a hook that waits lets fauxqs' handlers answer a second time.
  app.addHook('onSend', ({ query, method }, reply, payload, done) => {
    const asked = query as Readonly<Record<string, string>>;
    const listed = method === 'GET' && asked['encoding-type'] === 'url' && reply.statusCode === 200;
    done(null, listed && typeof payload === 'string' ? encodeKeys(payload) : payload);
  });
}

function encodeKeys(xml: string): string {
  const encoded = xml.replaceAll(/<Key>([^<]*)<\/Key>/g, (_, escaped: string) => {
    const key = escaped.replaceAll(/&(amp|lt|gt|quot|apos);/g, (entity) => entities[entity] ?? '');
    return `<Key>${encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')}</Key>`;
  });
  return encoded.replace('<MaxKeys>', '<EncodingType>url</EncodingType><MaxKeys>');
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
};
