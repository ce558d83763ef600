import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Async, Failure } from '../core/failure.ts';
import { SearchQuery, type SearchResponse } from '../core/model.ts';
import { ok, type Result } from '../core/result.ts';
import { createSearch, type Search } from '../core/search.ts';
import { createTimings } from '../core/timings.ts';
import { parseFields } from '../http/parse-request.ts';
import { pictureUrls } from '../http/pictures.ts';
import { fromQueryString } from '../http/query-string.ts';
import { createRemoteSearch } from '../http/remote-search.ts';
import { parseQuery, toSearchInput } from '../web/query-syntax.ts';
import { runCommand, wrongArgument } from './command.ts';
import { readLocalConfig, withEngine } from './open-local.ts';

const timeoutMs = 10_000;

const help = `Search the index from the terminal.

  npm run search -- "a red car" [options]
  npm run search -- 'zebra -stripes category:animals-nature width:>640'

The text is read as in the search box of the page: -word leaves out, "in quotes" belongs together,
+word counts too (+snow^2 twice as much), key:value filters (-key:value, key:>5, key:2..9), like:<id>
finds what is like that picture. Put all of it in quotes: the shell reads some of it itself.

  --top-k <n>          how many results, 1 to 100 (10)
  --filter <key=value> only pictures with this metadata; may be repeated: category=animals-nature
  --like <id>          like this picture of the index, whatever the words; may be repeated
  --diversity <0 to 1> how much results are to differ from each other (0)
  --auto               leave out results that do not belong
  --fold               one result in place of several of nearly the same picture
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
  const query = readQuery(positionals.join(' '), values);
  if (!query.ok) return query;
  const found = await searchSomewhere(query.value, values.url);
  if (!found.ok) return found;
  process.stdout.write(values.json ? `${JSON.stringify(found.value)}\n` : toTable(found.value));
  return ok(0);
});

type Arguments = ReturnType<typeof readArguments>['values'];

function readArguments(args: string[]) {
  return parseArgs({
    args,
    allowPositionals: true,
    options: {
      'top-k': { type: 'string', default: '10' },
      filter: { type: 'string', multiple: true, default: [] },
      like: { type: 'string', multiple: true, default: [] },
      diversity: { type: 'string' },
      auto: { type: 'boolean', default: false },
      fold: { type: 'boolean', default: false },
      url: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

/** What the text says, and the options besides. */
function readQuery(text: string, options: Arguments): Result<SearchQuery, Failure> {
  const parsed = parseQuery(text);
  for (const { text: left, reason } of parsed.ignored) {
    process.stderr.write(`Left out: ${printable(left)} (${reason})\n`);
  }
  const said = toSearchInput(parsed);
  const filters = readFilters(options.filter);
  if (!filters.ok) return filters;
  return parseFields(SearchQuery, {
    ...said,
    top_k: Number(options['top-k']),
    like: [...(said.like ?? []), ...options.like],
    ...(options.diversity !== undefined && { diversity: Number(options.diversity) }),
    ...(options.auto && { score_threshold: 'auto' }),
    fold_duplicates: options.fold,
    filters:
      said.filters || options.filter.length > 0 ? { ...said.filters, ...filters.value } : null,
  });
}

function readFilters(given: readonly string[]): Result<object, Failure> {
  const params = new URLSearchParams();
  for (const filter of given) {
    const equals = filter.indexOf('=');
    if (equals < 1) return wrongArgument(`--filter is not key=value: ${filter}`);
    params.append(`filter.${filter.slice(0, equals)}`, filter.slice(equals + 1));
  }
  return ok(fromQueryString(params)['filters'] ?? {});
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
  const rows = results.map((hit, index) => {
    const { width, height, file_path } = hit.metadata;
    const sure = hit.confidence === null ? '' : `${Math.round(hit.confidence * 100)} %`;
    const size = `${width}×${height}`;
    const alike = hit.duplicates.length === 0 ? '' : `  (and ${hit.duplicates.length} alike)`;
    const numbers = `${String(index + 1).padStart(3)}  ${hit.score.toFixed(3).padStart(6)}`;
    return `${numbers}  ${sure.padStart(5)}  ${size.padEnd(11)} ${printable(file_path)}${alike}\n`;
  });
  const head = rows.length === 0 ? '' : '  #   score   sure  size        picture\n';
  const took = `${results.length} results in ${latency_ms.toFixed(1)} ms (${model}).`;
  const hint = rows.length === 0 ? ' Is anything indexed? npm run index -- <folder>' : '';
  return `${head}${rows.join('')}${took}${hint}\n`;
}

/** File names are anybody's: what could steer a terminal is shown as a question mark. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?');
}
