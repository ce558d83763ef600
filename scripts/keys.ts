import { parseArgs } from 'node:util';
import { ApiKey, createApiKey, hashApiKey } from '../core/api-keys.ts';
import type { Async } from '../core/failure.ts';
import { ok } from '../core/result.ts';
import { parseFields } from '../http/parse-request.ts';
import { runCommand, wrongArgument } from './command.ts';

const help = `API keys: who may call, what for, and how often.

  npm run keys -- create --id web --scopes search [--per-second 10 --burst 20]

  --id <id>            its name in logs and limits: 1 to 32 small letters, digits, "-"
  --scopes <scopes>    search, write, admin, separated by commas; none includes another
  --per-second <n>     requests per second, 0 for no limit; left out: RATE_LIMIT_PER_SECOND
  --burst <n>          requests at once (twice as many as per second)
  --help               this text

Prints the key, which nobody can show again, and its entry for the list in API_KEYS, which has only
the hash: API_KEYS='[<entry>, <entry>]'. To take a key back, remove its entry.
`;

await runCommand(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      id: { type: 'string' },
      scopes: { type: 'string' },
      'per-second': { type: 'string' },
      burst: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const [command, ...rest] = positionals;
  if (command !== 'create' || rest.length > 0) {
    return wrongArgument('it must be create (see --help)');
  }
  return create({ ...values, perSecond: values['per-second'] });
});

async function create(options: {
  readonly id?: string | undefined;
  readonly scopes?: string | undefined;
  readonly perSecond?: string | undefined;
  readonly burst?: string | undefined;
}): Async<number> {
  const { id, scopes, perSecond, burst } = options;
  if (id === undefined || scopes === undefined) {
    return wrongArgument('it needs --id and --scopes (see --help)');
  }
  if (burst !== undefined && perSecond === undefined) {
    return wrongArgument('--burst needs --per-second beside it');
  }
  const key = createApiKey();
  const entry = parseFields(ApiKey, {
    id,
    hash: hashApiKey(key),
    scopes: scopes.split(',').map((scope) => scope.trim()),
    ...(perSecond === undefined ? {} : { rate: rateOf(perSecond, burst) }),
  });
  if (!entry.ok) return entry;
  process.stdout.write(`Key (send it as "Authorization: Bearer <key>"; it is shown this once):

  ${key}

Entry for API_KEYS:

  ${JSON.stringify(entry.value)}
`);
  return ok(0);
}

function rateOf(perSecond: string, burst?: string) {
  const asked = Number(perSecond);
  return {
    perSecond: asked,
    burst: burst === undefined ? Math.max(1, Math.ceil(2 * asked)) : Number(burst),
  };
}
