import { parseArgs } from 'node:util';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { createClient } from '../web/client.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { createProgress } from './progress.ts';
import { readQueries } from './warm-queries.ts';
import { createWarming, tell } from './warm-requests.ts';

const help = `Fill the cache of a running server with queries that people ask often.

  npm run warm -- queries.txt [options]

  --url <address>    the server (http://localhost:8000)
  --api-key <key>    where the server wants one (API_KEY in the environment)
  --top-k <n>        how many results each asks for (10)
  --concurrency <n>  how many are asked at once (4)
  --help             this text

One query per line; empty lines and lines that begin with # are skipped. A line that begins with { is
a whole request: {"query": "a dog", "top_k": 24, "filters": {"category": "animals"}}. - reads from
standard input. An answer is known for just what was asked: a page that asks for 24 results wants
--top-k 24. Where the server asks to wait, it waits.
`;

const timeoutMs = 60_000;

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      url: { type: 'string', default: 'http://localhost:8000' },
      'api-key': { type: 'string', default: process.env['API_KEY'] ?? '' },
      'top-k': { type: 'string', default: '10' },
      concurrency: { type: 'string', default: '4' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) {
    return wrongArgument('there must be one file: npm run warm -- queries.txt');
  }
  const { url } = values;
  if (!URL.canParse(url)) return wrongArgument(`--url is not an address: ${url}`);
  const topK = parseCount('top-k', values['top-k'], { min: 1, max: 100 });
  if (!topK.ok) return topK;
  const concurrency = parseCount('concurrency', values.concurrency, { min: 1, max: 100 });
  if (!concurrency.ok) return concurrency;
  const asked = { url, apiKey: values['api-key'] || undefined, concurrency: concurrency.value };
  return warm(file, topK.value, asked);
});

async function warm(
  file: string,
  topK: number,
  asked: {
    readonly url: string;
    readonly apiKey: string | undefined;
    readonly concurrency: number;
  },
): Async<number> {
  const { url, apiKey, concurrency } = asked;
  const queries = await readQueries(file, topK);
  if (!queries.ok) return queries;
  const progress = createProgress('Warming', queries.value.length);
  const client = createClient({ baseUrl: url, apiKey, timeoutMs });
  const warming = createWarming(client, () => progress.advance(1));
  const waiting = queries.value.values();
  const ask = async (): Promise<void> => {
    // All of them take from one iterator, so that each query is asked once.
    for (const query of waiting) await warming.ask(query);
  };
  await Promise.all(Array.from({ length: concurrency }, ask));
  progress.stop();
  const counts = warming.counts();
  process.stdout.write(`${tell(counts)}\n`);
  return ok(counts.failed === 0 && counts.uncached === 0 ? 0 : 1);
}
