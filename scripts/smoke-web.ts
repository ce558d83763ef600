import {
  ask,
  failed,
  isCloudFront,
  passed,
  post,
  skipped,
  type SmokeCheck,
  type SmokeWorld,
  whyNot,
} from './smoke-world.ts';

const always: Readonly<Record<string, RegExp>> = {
  'x-content-type-options': /^nosniff$/i,
  'referrer-policy': /./,
  'content-security-policy': /default-src [^;]*.*frame-ancestors 'none'/,
};

/** Headers that are missing or say something else. */
export function lackingHeaders({ base }: SmokeWorld, { headers }: Response): string | undefined {
  const secure =
    base.protocol === 'https:' ? { 'strict-transport-security': /max-age=\d{7,}/ } : {};
  const wrong = Object.entries({ ...always, ...secure }).filter(
    ([name, pattern]) => !pattern.test(headers.get(name) ?? ''),
  );
  if (wrong.length === 0) return undefined;
  return wrong.map(([name]) => `${name}: ${headers.get(name) ?? 'not there'}`).join('; ');
}

const page: SmokeCheck = {
  name: 'the page and its headers',
  async look(world) {
    const answer = await ask(world, '', { key: 'none' });
    const html = await answer.clone().text();
    const why = (await whyNot(answer, 200)) ?? lackingHeaders(world, answer);
    if (why !== undefined) return failed(why);
    const type = answer.headers.get('content-type') ?? '';
    if (!type.startsWith('text/html')) return failed(`its type is ${type}`);
    const asset = /(?:src|href)="\.?\/?(assets\/[^"]+)"/.exec(html)?.[1];
    if (asset === undefined) return failed('it names no file of assets/');
    const file = await ask(world, asset, { key: 'none' });
    const notFile = await whyNot(file, 200);
    if (notFile !== undefined) return failed(`${asset}: ${notFile}`);
    const kept = file.headers.get('cache-control') ?? '';
    return kept.includes('immutable') ? passed() : failed(`${asset} may be kept as: "${kept}"`);
  },
};

const apiHeaders: SmokeCheck = {
  name: 'headers of the API',
  async look(world) {
    const answer = await ask(world, 'search?q=a+dog&top_k=3');
    const why = (await whyNot(answer, 200)) ?? lackingHeaders(world, answer);
    if (why !== undefined) return failed(why);
    return answer.headers.has('x-request-id') ? passed() : failed('there is no x-request-id');
  },
};

const toHttps: SmokeCheck = {
  name: 'http leads to https',
  async look(world) {
    const { base } = world;
    if (base.protocol !== 'https:') return skipped('it is asked by http');
    const answer = await ask(world, Object.assign(new URL(base), { protocol: 'http:' }), {
      key: 'none',
    });
    const to = answer.headers.get('location') ?? '';
    if (answer.status >= 300 && answer.status < 400 && to.startsWith('https://')) return passed();
    return failed(`${answer.status}${to === '' ? '' : ` to ${to}`}`);
  },
};

const cors: SmokeCheck = {
  name: 'pages of other origins',
  async look(world) {
    const preflight = async (origin: string) => {
      const headers = { origin, 'access-control-request-method': 'POST' };
      const answer = await ask(world, 'search', { method: 'OPTIONS', headers, key: 'none' });
      await answer.text();
      return answer.headers.get('access-control-allow-origin');
    };
    const stranger = await preflight('https://stranger.example');
    if (stranger !== null && world.corsOrigin !== '*')
      return failed(`anybody may call: ${stranger}`);
    if (world.corsOrigin === undefined) return passed('none may call');
    const allowed = await preflight(world.corsOrigin);
    if (allowed === world.corsOrigin || allowed === '*') return passed(`${allowed} may call`);
    return failed(`${world.corsOrigin} may not call: ${allowed ?? 'no header'}`);
  },
};

const cache: SmokeCheck = {
  name: 'a second GET comes from the cache',
  async look(world) {
    // Nobody has asked this before.
    const path = `search?q=${encodeURIComponent(`smoke ${crypto.randomUUID()}`)}&top_k=3`;
    const states: string[] = [];
    for (const _ of [1, 2]) {
      const answer = await ask(world, path);
      const why = await whyNot(answer, 200);
      if (why !== undefined) return failed(why);
      await answer.text();
      // What else CloudFront was told is not for whoever asks (`cdk/cloudfront/answer.js`).
      if (isCloudFront(answer) && answer.headers.get('cache-control') === 'no-store') {
        return skipped('nobody may keep this answer');
      }
      states.push(answer.headers.get('x-cache') ?? 'no x-cache');
    }
    const [first = '', second = ''] = states;
    if (/bypass/i.test(second)) return skipped('the cache behind does not answer');
    if (/hit/i.test(first) || !/hit/i.test(second)) return failed(`${first}, then ${second}`);
    return passed(`${first}, then ${second}`);
  },
};

const noCacheOfPosts: SmokeCheck = {
  name: 'a POST is never answered by CloudFront',
  async look(world) {
    const body = post({ query: `smoke ${crypto.randomUUID()}`, top_k: 3 });
    await (await ask(world, 'search', body)).text();
    const answer = await ask(world, 'search', body);
    const why = await whyNot(answer, 200);
    if (why !== undefined) return failed(why);
    if (!isCloudFront(answer)) return skipped('CloudFront is not before it');
    const state = answer.headers.get('x-cache') ?? '';
    return /hit from cloudfront/i.test(state) ? failed(state) : passed();
  },
};

/** What a browser sees: headers, redirects, caches. */
export const webChecks: readonly SmokeCheck[] = [
  page,
  apiHeaders,
  toHttps,
  cors,
  cache,
  noCacheOfPosts,
];
