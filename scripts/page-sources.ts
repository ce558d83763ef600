import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the built page depends on, in the repository `root`: sources of one hash give one page. */
export function hashPageSources(root: string): string {
  const hash = createHash('sha256');
  const files = globSync('web/**/*.{ts,tsx,css,html,svg,json}', {
    cwd: root,
    exclude: ['web/dist/**', 'web/node_modules/**', 'web/**/*.test.*'],
  });
  for (const file of [...files, 'package-lock.json', 'tsconfig.json'].toSorted()) {
    const bytes = readFileSync(join(root, file));
    hash.update(`${file.replaceAll('\\', '/')}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}
