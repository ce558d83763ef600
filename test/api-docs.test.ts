import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failures } from '../core/failure.ts';
import { createOpenApiDocument } from '../http/openapi.ts';
import { createClient } from '../web/client.ts';
import { createKey } from './support/api-keys.ts';
import { type Example, readCodeTables, readExamples } from './support/api-examples.ts';
import { type RunningScript, runScript, startScript } from './support/processes.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);
const newDirectory = useTemporaryDirectories();
const examples = readExamples();

/** These are about a server that asks for keys and counts; the others run on one that does not. */
const guardedSections = new Set(['Authentication', 'Limits']);
const { key, ...entry } = createKey({ scopes: ['search'], rate: { perSecond: 20, burst: 40 } });
const guardedEnv = { API_KEYS: JSON.stringify([entry]), API_KEYS_REQUIRED: 'true' };

const servers: RunningScript[] = [];
const addresses = { open: '', guarded: '' };

/** Pictures under the names that the examples have: an id follows from the name. */
async function startServer(env: Readonly<Record<string, string>>): Promise<string> {
  const pictures = await newDirectory();
  const names = ['dog', 'cat', 'cow', 'pig', 'hen'].map((name) => `animals-nature/${name}.png`);
  for (const [place, name] of [...names, 'food-drink/pizza.png'].entries()) {
    const background = { r: 40 * place, g: 255 - 40 * place, b: 90 };
    await mkdir(dirname(join(pictures, name)), { recursive: true });
    const picture = sharp({ create: { width: 192, height: 192, channels: 3, background } });
    await picture.toFile(join(pictures, name));
  }
  const settings = { DATA_DIR: await newDirectory(), API_PORT: '0', ...env };
  const { code, stderr } = await runScript('index', [pictures], settings);
  if (code !== 0) throw new Error(stderr);
  const server = startScript('serve', [], settings);
  servers.push(server);
  const [, url = ''] = await server.waitFor(/Ready: http:\/\/(\S+)/);
  return url;
}

/** Where the examples are run: it has the picture that they upload. */
let workplace: string;

beforeAll(async () => {
  workplace = await newDirectory();
  const background = { r: 200, g: 40, b: 120 };
  const picture = sharp({ create: { width: 192, height: 192, channels: 3, background } });
  await picture.toFile(join(workplace, 'dog.png'));
  addresses.open = await startServer({});
  addresses.guarded = await startServer(guardedEnv);
});

afterAll(async () => {
  for (const server of servers) server.process.kill('SIGTERM');
  await Promise.all(servers.map(({ finished }) => finished));
});

/** The code as it is in the docs, but for where the server and the client are. */
function prepare({ code, section }: Example): string {
  const address = guardedSections.has(section) ? addresses.guarded : addresses.open;
  return code
    .replaceAll('localhost:8000', address)
    .replaceAll("'../web/", `'${root.replaceAll('\\', '/')}/web/`);
}

/** What the example before has uploaded, and the next one is about. */
async function untilUploadedIsFound(): Promise<void> {
  const form = JSON.parse(await readFile(join(workplace, 'form.json'), 'utf8')) as { id: string };
  const client = createClient({ baseUrl: `http://${addresses.open}` });
  const found = await client.waitUntilSearchable(form.id);
  if (!found.ok) throw new Error(found.problem.detail);
}

function environment() {
  return { ...process.env, API_KEY: key };
}

describe('the curl examples of docs/api.md', () => {
  const commands = examples.filter(({ language }) => language === 'sh');

  it.each(commands.map((example) => [example.name, example] as const))('%s', async (_, example) => {
    const { shownJson, shownHeaders } = example;
    const told = 'curl() { command curl -sS -w \'%{stderr}%{http_code}\\n\' "$@"; }\n';
    const options = { env: environment(), cwd: workplace };
    if (example.code.startsWith('id=')) await untilUploadedIsFound();
    const ran = await run('bash', ['-ec', told + prepare(example)], options);
    const { status } = (shownJson ?? {}) as { status?: unknown };
    expect(ran.stderr.trim()).toMatch(typeof status === 'number' ? `${status}` : /^20[0124]$/);
    if (shownJson !== null) expect(missing(JSON.parse(ran.stdout), shownJson, '')).toEqual([]);
    for (const header of shownHeaders)
      expect(ran.stdout).toMatch(new RegExp(`^${header}: .`, 'im'));
  });

  it('are one for each route that a client uses', () => {
    const all = commands.map(({ code }) => code).join('\n');
    for (const path of [
      'POST .*/search',
      '/search\\?',
      'accept: text/event-stream',
      '/facets\\n',
      '/images/\\d+\\n',
      '/similar',
      '8000/uploads\\n',
      'POST .*/uploads ',
      'DELETE .*/images/',
      '/health',
      '/stats',
    ]) {
      expect(all).toMatch(new RegExp(path));
    }
  });
});

describe('the TypeScript examples of docs/api.md', () => {
  const programs = examples.filter(({ language }) => language === 'ts');
  const [first] = programs;
  let directory: string;

  /** The first makes the client that the others use. */
  function toProgram(example: Example): string {
    const needsClient = example !== first && /\bclient\.|createClient/.test(example.code);
    const begin = needsClient && first ? prepare({ ...first, section: example.section }) : '';
    return `${begin}\n${prepare(example)}\nexport {};\n`;
  }

  beforeAll(async () => {
    directory = await newDirectory();
    for (const [place, example] of programs.entries()) {
      await writeFile(join(directory, `${place}.ts`), toProgram(example));
    }
  });

  it('have no type error', async () => {
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(root, 'node_modules/@types')], noUnusedLocals: false },
      include: ['*.ts'],
    };
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config));
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    const tsc = join(root, 'node_modules/.bin/tsc');
    const checked = await run(tsc, ['-p', directory]).catch((error: { stdout: string }) => error);
    expect(checked.stdout).toBe('');
  });

  it.each(programs.map((example, place) => [example.name, place] as const))(
    '%s',
    async (_, place) => {
      const args = ['--disable-warning=ExperimentalWarning', join(directory, `${place}.ts`)];
      const ran = await run(process.execPath, args, { env: environment(), cwd: workplace });
      const example = programs[place];
      expect(ran.stderr).toBe('');
      // Neither nothing, nor that it failed, nor the code of a failure.
      if (example !== first) expect(ran.stdout.trim()).not.toMatch(/^[a-z_]*$|\bfalse$|^false\b/);
      const { shownJson = null } = example ?? {};
      if (shownJson !== null) expect(missing(JSON.parse(ran.stdout), shownJson, '')).toEqual([]);
    },
  );
});

describe('the codes in docs/api.md', () => {
  const [answered = [], others = []] = readCodeTables();

  it('are all that there are, each once, as the server has them', () => {
    const documented = [...answered, ...others].filter(({ code }) => code !== 'internal');
    const real = Object.entries(failures).map(([code, { status, retry }]) => ({
      code,
      status,
      retry,
    }));
    const byCode = (a: { code: string }, b: { code: string }) => (a.code < b.code ? -1 : 1);
    expect(documented.toSorted(byCode)).toEqual(real.toSorted(byCode));
    expect(answered).toContainEqual({ code: 'internal', status: 500, retry: false });
  });

  it('are in the first table where a route answers with them', () => {
    const codes = new Set(answered.map(({ code }) => code));
    const used = codesOf(createOpenApiDocument()['paths']);
    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((code) => !codes.has(code))).toEqual([]);
  });
});

/** Every code that some answer of the document is narrowed to. */
function codesOf(value: unknown): Set<string> {
  const found = new Set<string>();
  JSON.stringify(value, (key_, item: unknown) => {
    const codes = key_ === 'code' ? (item as { enum?: unknown }).enum : undefined;
    if (Array.isArray(codes)) for (const code of codes) found.add(String(code));
    return item;
  });
  return found;
}

/** What is shown and is not there, or of another kind; of a list, its first. */
function missing(actual: unknown, shown: unknown, path: string): string[] {
  if (kindOf(actual) !== kindOf(shown)) return [`${path} is ${kindOf(actual)}`];
  if (Array.isArray(shown)) {
    return shown.length === 0 ? [] : missing((actual as unknown[])[0], shown[0], `${path}[0]`);
  }
  if (typeof shown !== 'object' || shown === null) return [];
  const fields = new Map(Object.entries(actual as object));
  return Object.entries(shown).flatMap(([name, value]) =>
    missing(fields.get(name), value, `${path}.${name}`),
  );
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}
