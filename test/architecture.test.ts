import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const rooms = ['core', 'http', 'adapters', 'edge', 'gpu-service', 'functions', 'cdk', 'web'];

/** Which rooms a room may import from, besides itself, and which packages. */
const allowed: Readonly<Record<string, { rooms: readonly string[]; packages?: RegExp }>> = {
  core: { rooms: [], packages: /^(zod|node:crypto)$/ },
  http: { rooms: ['core'], packages: /^(zod|hono(\/.*)?|@hono\/.*|node:.*)$/ },
  adapters: { rooms: ['core'] },
  edge: { rooms: ['core', 'http', 'adapters'] },
  'gpu-service': { rooms: ['core', 'http', 'adapters'] },
  functions: { rooms: ['core', 'http', 'adapters'] },
  cdk: { rooms: ['core', 'edge', 'gpu-service', 'functions'] },
  web: { rooms: ['core'], packages: /^(preact(\/.*)?|@preact\/signals)$/ },
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const files = globSync(
  rooms.map((room) => `${room}/**/*.{ts,tsx}`),
  { cwd: root },
)
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !file.startsWith('web/dist/'));
// How a room is built is no part of it.
const sources = files.filter((file) => !/\.(test|config)\.tsx?$/.test(file));
const imports = sources.flatMap(importsOf);

describe('the house', () => {
  it('has every room that is built so far', () => {
    expect(new Set(files.map(roomOf))).toEqual(
      new Set(['core', 'http', 'adapters', 'edge', 'gpu-service', 'functions', 'cdk', 'web']),
    );
    expect(imports.length).toBeGreaterThan(100);
  });

  it('lets a room import only the rooms below it', () => {
    const wrong = imports.filter(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      const target = targetOf(file, specifier);
      const room = roomOf(file);
      return target !== room && allowed[room]?.rooms.includes(target) !== true;
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('keeps vendors in adapters', () => {
    const wrong = imports.filter(({ file, specifier }) => {
      const packages = allowed[roomOf(file)]?.packages;
      return !specifier.startsWith('.') && packages !== undefined && !packages.test(specifier);
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('shows the page only the types of the core, and the cdk only those of a config', () => {
    const wrong = imports.filter(({ file, specifier, typeOnly }) => {
      const crossing = specifier.startsWith('.') && targetOf(file, specifier) !== roomOf(file);
      return crossing && ['web', 'cdk'].includes(roomOf(file)) && !typeOnly;
    });
    expect(wrong.map(show)).toEqual([]);
  });

  it('reads the environment in main files and scripts alone', () => {
    const wrong = sources.filter(
      (file) => !file.endsWith('/main.ts') && /process\.env/.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });

  it('keeps the core free of clocks and of global state', () => {
    const wrong = sources.filter(
      (file) =>
        roomOf(file) === 'core' && /Date\.now|new Date\(|performance\.|process\./.test(read(file)),
    );
    expect(wrong).toEqual([]);
  });

  it('has files that can be read in one go', () => {
    const lengths = [...sources, ...globSync('scripts/**/*.ts', { cwd: root })].map((file) => ({
      file,
      lines: read(file).split('\n').length - 1,
    }));
    const sorted = lengths.map(({ lines }) => lines).toSorted((a, b) => a - b);
    expect(lengths.filter(({ lines }) => lines > 300)).toEqual([]);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(80);
    expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThan(200);
  });
});

function importsOf(file: string): Import[] {
  const pattern = /(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/g;
  return [...read(file).matchAll(pattern)].map(([, type, specifier]) => ({
    file,
    specifier: specifier ?? '',
    typeOnly: type !== undefined,
  }));
}

function targetOf(file: string, specifier: string): string {
  return roomOf(relative(root, join(root, dirname(file), specifier)));
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? '';
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function show({ file, specifier }: Import): string {
  return `${file} imports ${specifier}`;
}
