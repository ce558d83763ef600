import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { parseCount, runCommand, wrongArgument } from './command.ts';
import { runLoad } from './load-connections.ts';

const help = `Ask a server over and over, as cheaply as one process can, and say how it answered, as JSON.

  node scripts/load.ts --url http://localhost:8000/search --bodies bodies.jsonl [options]

  --url <address>      where to post (plain HTTP)
  --bodies <file>      one JSON body per line, posted in turn
  --header <n: v>      a further header; may be repeated
  --connections <n>    how many connections ask, each again when it is answered (32)
  --seconds <n>        for how long it is counted (5)
  --help               this text
`;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string', default: '' },
      bodies: { type: 'string' },
      header: { type: 'string', multiple: true, default: [] },
      connections: { type: 'string', default: '32' },
      seconds: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const url = URL.canParse(values.url) ? new URL(values.url) : undefined;
  if (url?.protocol !== 'http:') return wrongArgument(`--url is no http address: ${values.url}`);
  if (values.bodies === undefined) return wrongArgument('there is no --bodies');
  const connections = parseCount('connections', values.connections, { min: 1, max: 10_000 });
  if (!connections.ok) return connections;
  const seconds = parseCount('seconds', values.seconds, { min: 1, max: 3600 });
  if (!seconds.ok) return seconds;
  const lines = (await readFile(values.bodies, 'utf8')).split('\n');
  const report = await runLoad({
    url,
    bodies: lines.filter((line) => line.trim() !== ''),
    headers: values.header,
    connections: connections.value,
    seconds: seconds.value,
  });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  return ok(0);
});
