import { cp, mkdir, readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { runScript } from '../test/support/processes.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { buildPage } from './page-build.ts';

const newDirectory = useTemporaryDirectories();
const here = join(import.meta.dirname, '..');

const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Small</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <script type="module" src="/page/main.tsx"></script>
  </head>
  <body></body>
</html>
`;
const main = `import { render } from 'preact';
import './main.css';
render(<button type="button" class="small">Small</button>, document.body);
`;

/** A repository with a page of a few lines. */
async function createSmall(source = main): Promise<string> {
  const root = await newDirectory();
  await mkdir(join(root, 'web/page'), { recursive: true });
  for (const file of ['package-lock.json', 'tsconfig.json', 'web/tsconfig.json']) {
    await cp(join(here, file), join(root, file));
  }
  await cp(join(here, 'web/vite.config.ts'), join(root, 'web/vite.config.ts'));
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  await writeFile(join(root, 'web/index.html'), html);
  await writeFile(join(root, 'web/favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(root, 'web/page/dot.svg'), '<svg xmlns="http://www.w3.org/2000/svg" />');
  const css = '.small { color: light-dark(red, blue); background: url(./dot.svg) }';
  await writeFile(join(root, 'web/page/main.css'), css);
  await writeFile(join(root, 'web/page/main.tsx'), source);
  await symlink(join(here, 'node_modules'), join(root, 'node_modules'));
  return root;
}

const list = (folder: string) => readdir(folder, { recursive: true }).then((all) => all.toSorted());

describe('building the page', () => {
  it('makes files with hashes in their names, and nothing that its policy forbids', async () => {
    const folder = expectOk(await buildPage({ root: await createSmall() }));
    const names = await list(folder);
    expect(names.filter((name) => /-[\w-]{8}\.(js|css|svg)$/.test(name))).toHaveLength(4);
    const built = await readFile(join(folder, 'index.html'), 'utf8');
    expect(built).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|data:/);
    const css = names.find((name) => name.endsWith('.css')) ?? '';
    const text = await readFile(join(folder, css), 'utf8');
    expect(text).toContain('light-dark(red,');
    expect(text).not.toContain('data:');
  });

  it('takes JSX for Preact as people who use it get it, though tests are running', async () => {
    const folder = expectOk(await buildPage({ root: await createSmall() }));
    const name = (await list(folder)).find((each) => each.endsWith('.js')) ?? '';
    const script = await readFile(join(folder, name), 'utf8');
    expect(process.env['NODE_ENV']).toBe('test');
    expect(script).toContain('Small');
    expect(script).not.toMatch(/jsxDEV|main\.tsx|react/i);
  });

  it('does it once for two who ask at the same time, and again when a source has changed', async () => {
    const root = await createSmall();
    const [first, second] = await Promise.all([buildPage({ root }), buildPage({ root })]);
    const folder = expectOk(first);
    expect(expectOk(second)).toBe(folder);
    expect(await readdir(join(root, 'web/dist'))).toHaveLength(1);
    const marker = join(folder, 'still-the-same');
    await writeFile(marker, '');
    expect(expectOk(await buildPage({ root }))).toBe(folder);
    expect(await readdir(folder)).toContain('still-the-same');
    await writeFile(join(root, 'web/page/main.tsx'), main.replaceAll('Small', 'Tiny'));
    const later = expectOk(await buildPage({ root }));
    expect(later).not.toBe(folder);
    expect(await readdir(folder)).toContain('index.html');
  });

  it('removes what was built long ago from other sources', async () => {
    const root = await createSmall();
    const old = join(root, 'web/dist/0123456789abcdef');
    const abandoned = join(root, 'web/dist/making-1');
    const longAgo = new Date(0);
    for (const folder of [old, abandoned]) {
      await mkdir(folder, { recursive: true });
      await utimes(folder, longAgo, longAgo);
    }
    const folder = expectOk(await buildPage({ root }));
    expect(await readdir(join(root, 'web/dist'))).toEqual([folder.split(/[\\/]/).at(-1)]);
  });

  it('fails with what the compiler says, and leaves nothing half done', async () => {
    const root = await createSmall('export const a = ;');
    const failure = expectFailure(await buildPage({ root }));
    expect(failure.detail).toMatch(/^Cannot build the page as its sources have an error: /);
    expect(failure.detail).toContain('main.tsx');
    expect(await readdir(join(root, 'web/dist'))).toEqual([]);
  });

  it('fails where the scripts are too large together', async () => {
    const root = await createSmall();
    const failure = expectFailure(await buildPage({ root, maxBytes: 1000 }));
    expect(failure.detail).toMatch(
      /^Cannot build the page as its scripts may have 1000 bytes: \d+$/,
    );
    expect(await readdir(join(root, 'web/dist'))).toEqual([]);
  });
});

describe('npm run build:page', () => {
  it('builds this page, says how large it is, and copies it', async () => {
    const out = join(await newDirectory(), 'page');
    const { code, stdout, stderr } = await runScript('build-page', ['--out', out]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/scripts together +[\d,]+ +[\d,]+/);
    expect(await readdir(out)).toContain('index.html');
    expect((await readdir(join(out, 'assets'))).join()).toMatch(/\.js/);
  });

  it('explains itself', async () => {
    const { code, stdout } = await runScript('build-page', ['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--out <directory>');
  });
});
