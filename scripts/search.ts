import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { SearchQuery, type SearchResponse } from '../core/model.ts';
import { ok } from '../core/result.ts';
import { createSearch, type Search } from '../core/search.ts';
import { createTimings } from '../core/timings.ts';
import { parseFields } from '../http/parse-request.ts';
import { pictureUrls } from '../http/pictures.ts';
import { fromQueryString } from '../http/query-string.ts';
import { createRemoteSearch } from '../http/remote-search.ts';
import { runCommand, wrongArgument } from './command.ts';
import { readLocalConfig, withEngine } from './open-local.ts';

const timeoutMs = 10_000;

const help = `Search the index from the terminal.

  npm run search -- "a red car" [options]

  --top-k <n>          how many results, 1 to 100 (10)
  --filter <key=value> only pictures with this metadata; may be repeated: category=animals-nature
  --url <address>      ask a running server instead of opening the index
  --json               the whole response as JSON, for programs
  --help               this text

While \`npm start\` runs and holds the index, that server is asked.
`;

await runCommand(async (args) => {
  const { values, positionals } = readArguments(args);
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const query = parseQuery(positionals, values['top-k'], values.filter);
  if (!query.ok) return query;
  const found = await searchSomewhere(query.value, values.url);
  if (!found.ok) return found;
  process.stdout.write(values.json ? `${JSON.stringify(found.value)}\n` : toTable(found.value));
  return ok(0);
});

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      'top-k': { type: 'string', default: '10' },
      filter: { type: 'string', multiple: true, default: [] },
      url: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

function parseQuery(words: readonly string[], topK: string, filters: readonly string[]) {
  const params = new URLSearchParams({ q: words.join(' '), top_k: topK });
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    if (equals < 1) return wrongArgument(`--filter is not key=value: ${filter}`);
    params.append(`filter.${filter.slice(0, equals)}`, filter.slice(equals + 1));
  }
  return parseFields(SearchQuery, fromQueryString(params));
}

/** The index itself, or the server that holds it. */
async function searchSomewhere(query: SearchQuery, url?: string): Async<SearchResponse> {
  if (url !== undefined) return run(createRemoteSearch({ baseUrl: url, service: url }), query);
  const found = await withEngine(({ engine: { encoder, store } }) =>
    run(createSearch({ encoder, store, urlsOf: pictureUrls }), query),
  );
  if (found.ok || found.error.code !== 'index_locked') return found;
  const config = readLocalConfig();
  if (!config.ok) return config;
  const baseUrl = `http://${config.value.API_HOST}:${config.value.API_PORT}`;
  const answered = await run(createRemoteSearch({ baseUrl, service: baseUrl }), query);
  return answered.ok || answered.error.code !== 'search_unavailable' ? answered : found;
}

function run(search: Search, query: SearchQuery): Async<SearchResponse> {
  const timings = createTimings(() => performance.now());
  const signal = AbortSignal.timeout(timeoutMs);
  return search(query, { requestId: randomUUID(), signal, timings, notes: {} });
}

function toTable({ results, latency_ms, model }: SearchResponse): string {
  const rows = results.map(({ score, metadata }, index) => {
    const size = `${metadata.width}×${metadata.height}`;
    const path = printable(metadata.file_path);
    return `${String(index + 1).padStart(3)}  ${score.toFixed(3).padStart(6)}  ${size.padEnd(11)} ${path}\n`;
  });
  const head = rows.length === 0 ? '' : '  #   score  size        picture\n';
  const took = `${results.length} results in ${latency_ms.toFixed(1)} ms (${model}).`;
  const hint = rows.length === 0 ? ' Is anything indexed? npm run index -- <folder>' : '';
  return `${head}${rows.join('')}${took}${hint}\n`;
}

/** File names are anybody's: what could steer a terminal is shown as a question mark. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}
