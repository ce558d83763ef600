import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { EdgeConfig } from '../edge/config.ts';
import { GpuServiceConfig } from '../gpu-service/config.ts';

// No containers can be run where the tests run. What the files take for granted can be checked: that a
// container gets settings that its program reads, and an image the files that its program imports.

const root = join(import.meta.dirname, '..');

const Service = z.object({
  image: z.string().optional(),
  build: z
    .object({
      context: z.string(),
      dockerfile: z.string(),
      args: z.record(z.string(), z.string()).default({}),
    })
    .optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  depends_on: z
    .record(z.string(), z.object({ condition: z.string(), required: z.boolean().default(true) }))
    .default({}),
  profiles: z.array(z.string()).default([]),
  command: z.array(z.string()).optional(),
  restart: z.string(),
  stop_grace_period: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  deploy: z.object({ resources: z.object({ limits: z.object({ memory: z.string() }) }) }),
});
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.unknown()),
});

const { services, volumes } = Compose.parse(parse(read('docker-compose.yml'), { merge: true }));

describe('the containers', () => {
  it('are those of production, and what looks at them', () => {
    const all = ['edge', 'gpu-service', 'grafana', 'prometheus', 'qdrant', 'redis'];
    expect(Object.keys(services).toSorted()).toEqual(all);
    expect(services['gpu-service']?.build?.args['DEVICE']).toBe('cpu');
  });

  it.each(Object.entries(services))('%s comes back by itself, within bounds', (_, service) => {
    expect(service.restart).toBe('unless-stopped');
    expect(service.deploy.resources.limits.memory).toMatch(/^\d+[MG]$/);
    expect(service.image ?? service.build).toBeDefined();
    // A fixed version, not what is newest on the day.
    if (service.image !== undefined) expect(service.image).toMatch(/:v?\d/);
    const dockerfile = service.build && read(service.build.dockerfile);
    expect(service.healthcheck !== undefined || dockerfile?.includes('HEALTHCHECK')).toBe(true);
  });

  it('can be reached from this machine alone', () => {
    const ports = Object.values(services).flatMap((service) => service.ports);
    expect(ports).toHaveLength(5);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(services['gpu-service']?.ports).toEqual([]);
    expect(services['redis']?.ports).toEqual([]);
  });

  it('wait only for services that are there, and that can be healthy', () => {
    for (const service of Object.values(services)) {
      for (const [name, { required }] of Object.entries(service.depends_on)) {
        expect(Object.keys(services)).toContain(name);
        // What a profile adds can not be waited for without it.
        expect(services[name]?.profiles.length === 0).toBe(required);
      }
    }
  });

  it('give running requests the time that the processes take', () => {
    for (const name of ['edge', 'gpu-service']) {
      expect(Number.parseInt(services[name]?.stop_grace_period ?? '', 10)).toBeGreaterThan(25);
    }
  });

  it('mount only what is there', () => {
    for (const [source = ''] of Object.values(services).flatMap((service) =>
      service.volumes.map((volume) => withDefaults(volume).split(':')),
    )) {
      if (source.startsWith('.')) expect(join(root, source)).toSatisfy(existsSync);
      else expect(Object.keys(volumes)).toContain(source);
    }
  });

  it.each([
    ['edge', EdgeConfig],
    ['gpu-service', GpuServiceConfig],
  ] as const)('%s gets settings that it reads, and can start with', (name, config) => {
    const set = services[name]?.environment ?? {};
    const known = Object.keys(config.shape);
    expect(Object.keys(set).filter((variable) => !known.includes(variable))).toEqual([]);
    const values = Object.entries(set).flatMap(([variable, value]) =>
      value === null ? [] : [[variable, withDefaults(value)] as const],
    );
    expect(config.safeParse(Object.fromEntries(values)).error).toBeUndefined();
  });

  it('have one secret, which nobody wrote down', () => {
    for (const name of ['edge', 'gpu-service']) {
      expect(services[name]?.environment['SERVICE_SECRET']).toMatch(/^\$\{SERVICE_SECRET:\?/);
    }
  });

  it('keep vectors in Qdrant where they are told to, with the key that it asks for', () => {
    const { environment } = services['gpu-service'] ?? {};
    expect(withDefaults(environment?.['VECTOR_STORE'] ?? '')).toBe('embedded');
    expect(services['gpu-service']?.depends_on['qdrant']?.condition).toBe('service_healthy');
    const qdrant = services[environment?.['QDRANT_HOST'] ?? ''];
    expect(qdrant?.image).toMatch(/^qdrant\/qdrant:v1\.19\.\d+$/);
    const { QDRANT_GRPC_PORT, QDRANT_PORT } = GpuServiceConfig.parse({});
    expect(qdrant?.ports.map(withDefaults)).toEqual([
      `127.0.0.1:${QDRANT_GRPC_PORT}:${QDRANT_GRPC_PORT}`,
      `127.0.0.1:${QDRANT_PORT}:${QDRANT_PORT}`,
    ]);
    for (const one of [environment, qdrant?.environment]) {
      expect(Object.entries(one ?? {})).toContainEqual(['QDRANT_API_KEY', null]);
    }
    expect(qdrant?.volumes).toContainEqual(expect.stringMatching(/^qdrant:\/qdrant\/storage$/));
  });

  it.each([
    ['', 'none'],
    ['a-key', 'a-key'],
  ])('start Qdrant with the key %j', (key, expected) => {
    const [shell, option = '', script = ''] = services['qdrant']?.command ?? [];
    expect(shell).toBe('bash');
    // As Compose hands it over, with another program in the place of the image's own.
    const run = script
      .replaceAll('$$', '$')
      .replace('exec ./entrypoint.sh', 'echo "${QDRANT__SERVICE__API_KEY-none}"');
    const printed = execFileSync('bash', [option, run], {
      env: key === '' ? {} : { QDRANT_API_KEY: key },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(printed.trim()).toBe(expected);
  });

  it('find each other by name and port', () => {
    const { SERVICE_URL = '', REDIS_HOST = '' } = services['edge']?.environment ?? {};
    const { hostname, port } = new URL(SERVICE_URL ?? '');
    expect(Object.keys(services)).toEqual(expect.arrayContaining([hostname, REDIS_HOST]));
    expect(portOf(hostname)).toBe(port);
  });
});

describe('the image of the edge', () => {
  const dockerfile = read('edge/Dockerfile').replaceAll(/\s*\\\n\s*/g, ' ');
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(\S+) \S+$/gm)].map(([, name]) => name);

  it('has every file that the edge imports, and is given them', () => {
    const folders = filesReachedFrom('edge/main.ts').map((file) => file.split('/')[0]);
    expect(folders.length).toBeGreaterThan(30);
    expect(new Set(folders).difference(new Set(copied))).toEqual(new Set());
    const given = read('.dockerignore').split('\n');
    for (const name of copied) expect(given).toContain(`!${name}`);
  });

  it('keeps every package that the edge imports, and none of the encoder', () => {
    const removed = [...dockerfile.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w@-]+)(?= |$)/gm)]
      .map(([, name = '']) => name)
      .filter((name) => name !== '');
    expect(removed).toEqual(expect.arrayContaining(['onnxruntime-node', 'sharp', '@zvec']));
    for (const name of removed) expect(join(root, 'node_modules', name)).toSatisfy(existsSync);
    const packages = filesReachedFrom('edge/main.ts').flatMap(packagesOf);
    expect(packages).toEqual(expect.arrayContaining(['hono', 'ioredis', 'pino', 'prom-client']));
    const missing = packages.filter((name) =>
      removed.some((one) => name === one || name.startsWith(`${one}/`)),
    );
    expect(missing).toEqual([]);
  });

  it('runs as nobody special, and gets the signals', () => {
    expect(dockerfile).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
    expect(dockerfile).toMatch(/^CMD \["node", .*"edge\/main\.ts"\]$/m);
  });
});

function portOf(service: string): string | undefined {
  const dockerfile = read(services[service]?.build?.dockerfile ?? '');
  return /API_PORT=(\d+)/.exec(dockerfile)?.[1];
}

/** As Compose fills in a variable that is not set; a secret that must be is set here. */
function withDefaults(text: string): string {
  return text
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
    .replaceAll(/\$\{\w+:\?[^}]*\}/g, 'a-secret-of-the-tests-0123456789');
}

function filesReachedFrom(start: string): string[] {
  const reached = new Set([start]);
  for (const file of reached) {
    for (const name of importsOf(file)) {
      if (name.startsWith('.')) reached.add(join(dirname(file), name).replaceAll('\\', '/'));
    }
  }
  return [...reached];
}

function packagesOf(file: string): string[] {
  return importsOf(file)
    .filter((name) => /^[a-z@]/.test(name) && !name.startsWith('node:'))
    .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name);
}

function importsOf(file: string): string[] {
  const source = read(file);
  const still = source.matchAll(/(?:import|export)\s+(?!type\s)(?:[^'";]*?\sfrom\s+)?'([^']+)'/g);
  const later = source.matchAll(/\bimport\('([^']+)'\)/g);
  return [...still, ...later].map(([, name]) => name ?? '');
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
