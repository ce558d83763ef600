import { cp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { ok } from '../core/result.ts';
import { runCommand } from './command.ts';
import { buildPage, maxScriptBytes } from './page-build.ts';
import { measurePage, type PageSize } from './page-size.ts';
import { formatTable } from './text-table.ts';

const help = `Build the search page into web/dist/<hash of its sources>, where it is not there yet.

  npm run build:page -- [--out <directory>]

  --out <directory>  copies it there too, as to put it into a bucket; its folder assets is replaced
  --help             this text

npm start does this by itself. It fails where the scripts have more than ${maxScriptBytes / 1000} KB together, before they
are compressed.
`;

await runCommand(async (args) => {
  const { values } = parseArgs({
    args,
    options: { out: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(help);
    return ok(0);
  }
  const built = await buildPage();
  if (!built.ok) return built;
  const folder = values.out ?? built.value;
  if (values.out !== undefined) {
    await rm(join(folder, 'assets'), { recursive: true, force: true });
    await cp(built.value, folder, { recursive: true });
  }
  process.stdout.write(describe(relative('', folder) || folder, await measurePage(folder)));
  return ok(0);
});

function describe(folder: string, { files, scriptBytes, scriptGzipBytes }: PageSize): string {
  const rows = [
    ...files.map(({ path, bytes, gzipBytes }) => [path, bytes, gzipBytes] as const),
    ['scripts together', scriptBytes, scriptGzipBytes] as const,
  ];
  const table = formatTable(
    [folder, 'bytes', 'gzip'],
    rows.map(([name, ...sizes]) => [name, ...sizes.map((size) => size.toLocaleString('en'))]),
  );
  return `${table}\n`;
}
