import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { GpuServiceConfig } from '../gpu-service/config.ts';
import {
  all,
  copies,
  environment,
  execForm,
  filesReachedFrom,
  isWithin,
  last,
  packagesOf,
  readStages,
  readText as read,
  root,
  type Stage,
  stageOf,
} from './support/dockerfile.ts';

// What the Dockerfile takes for granted: what it copies, what it removes, which versions belong
// together, and what it runs.

const stages = readStages('gpu-service/Dockerfile');
const service = stage('service');
const mains = ['gpu-service/main.ts', 'gpu-service/index-job/main.ts'];

const PackageJson = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});
const project = PackageJson.parse(JSON.parse(read('package.json')));

describe('the image', () => {
  it('is built for a GPU or without one, by one argument', () => {
    expect(stages.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['runtime-cpu', 'runtime-cuda']),
    );
    expect(service.base).toBe('runtime-${DEVICE}');
    expect(stages.at(-1)).toBe(service);
    expect(read('gpu-service/Dockerfile')).toMatch(/^ARG DEVICE=(cpu|cuda)$/m);
  });

  it('runs as someone who is not root, with nothing of its own to write to but its data', () => {
    const user = last(service, 'USER');
    expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    const data = environment(service)['DATA_DIR'] ?? '';
    const owned = all(service, 'RUN').some((command) =>
      command.includes(`-o ${user.replace(':', ' -g ')} ${data}`),
    );
    expect(owned).toBe(true);
    expect(last(service, 'VOLUME')).toBe(data);
    expect(all(service, 'COPY').filter((copy) => copy.includes('--chown'))).toEqual([]);
  });

  it('starts the service as process 1, so that it gets the signals', () => {
    const [program, ...args] = execForm(last(service, 'CMD'));
    expect(program).toBe('node');
    expect(args.at(-1)).toBe('gpu-service/main.ts');
    // NVIDIA's image has an entrypoint, a shell script.
    expect(all(service, 'ENTRYPOINT')).toEqual(['[]']);
  });

  it.each(['cpu', 'cuda'])('sets variables that the service reads, for %s', (device) => {
    const set = { ...environment(stage(`runtime-${device}`)), ...environment(service) };
    const nodes = ['NODE_ENV', 'UV_THREADPOOL_SIZE'];
    const known = new Set([...Object.keys(GpuServiceConfig.shape), ...nodes]);
    expect(Object.keys(set).filter((name) => !known.has(name))).toEqual([]);
    expect(GpuServiceConfig.parse(set)).toMatchObject({
      API_HOST: '0.0.0.0',
      FORCE_CPU: device === 'cpu',
      REQUIRE_GPU: device === 'cuda',
    });
  });

  it('copies only what is there', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const { source, from } of stages.flatMap(copies)) {
      if (from === undefined) {
        expect(join(root, source)).toSatisfy(existsSync);
        expect(ignored).toContain(`!${source.split('/')[0]}`);
        expect(ignored).not.toContain(source);
      } else {
        expect(stages.map(({ name }) => name)).toContain(from);
      }
    }
  });

  it('has every file that the service imports', () => {
    const files = filesReachedFrom(...mains);
    expect(files.length).toBeGreaterThan(40);
    const folders = copies(service).flatMap(({ source, from }) => (from ? [] : [`${source}/`]));
    const missing = files.filter((file) => !folders.some((folder) => file.startsWith(folder)));
    expect(missing).toEqual([]);
    // Only tests are left out of the folders that are copied.
    expect(files.filter((file) => file.endsWith('.test.ts'))).toEqual([]);
  });

  it('keeps every package that the service imports', () => {
    const removed = removedPaths().map((path) => path.replace(/^node_modules\//, ''));
    const packages = packagesOf(filesReachedFrom(...mains));
    expect(new Set(packages)).toContain('onnxruntime-node');
    expect(packages.filter((name) => !(name in project.dependencies))).toEqual([]);
    expect(packages.filter((name) => removed.some((path) => name.startsWith(path)))).toEqual([]);
  });

  it('contains the native files of its own platform alone', () => {
    const binaries = globSync('node_modules/onnxruntime-node/bin/napi-v*/*/*', { cwd: root });
    const removed = removedPaths();
    for (const path of removed) expect(join(root, path)).toSatisfy(existsSync);
    const kept = binaries.filter((file) => !removed.some((path) => isWithin(file, path)));
    expect(kept).toEqual(['node_modules/onnxruntime-node/bin/napi-v6/linux/x64']);
  });
});

describe('the versions in the image', () => {
  it('are one major of Node, here and there', () => {
    const [major] = /\d+/.exec(project.devDependencies['node'] ?? '') ?? [];
    expect(stage('node').base).toMatch(new RegExp(`^node:${major}[-.]`));
    const { node } = process.versions;
    expect(node.split('.')[0]).toBe(major);
  });

  it('are one version of onnxruntime, for the CUDA that the base has', () => {
    const installed = PackageJson.parse(
      JSON.parse(read('node_modules/onnxruntime-node/package.json')),
    ).version;
    const provider = stage('cuda-provider');
    expect(all(provider, 'ARG')).toContain(`ONNXRUNTIME_VERSION=${installed}`);
    const [archive = ''] = all(provider, 'ADD');
    // A new version comes with a new checksum: with the old one the build would stop.
    expect(archive).toMatch(/^--checksum=sha256:[0-9a-f]{64} https:/);
    const [, cuda] = /-gpu_cuda(\d+)-\$\{ONNXRUNTIME_VERSION\}\.tgz /.exec(archive) ?? [];
    expect(stage('runtime-cuda').base).toMatch(new RegExp(`^nvidia/cuda:${cuda}\\.[\\w.]+-cudnn-`));
    // The binding itself knows this CUDA too.
    const metadata = read('node_modules/onnxruntime-node/script/install-metadata.js');
    expect(metadata).toContain(`'linux/x64:cuda${cuda}'`);
  });

  it('puts the CUDA provider beside the binding', () => {
    const [copy] = copies(stage('runtime-cuda'));
    const [binding = ''] = globSync('node_modules/onnxruntime-node/bin/napi-v*/linux/x64', {
      cwd: root,
    });
    expect(copy).toMatchObject({ from: 'cuda-provider', target: `/app/${binding}` });
  });
});

describe('the health check', () => {
  const [, command = ''] = /CMD (.*)$/.exec(last(service, 'HEALTHCHECK')) ?? [];

  it('is content with a service that is ready', async () => {
    expect(await checkAgainst(200)).toEqual({ code: 0, asked: ['/readyz'] });
  });

  it('is not with one that is there and can not search', async () => {
    expect(await checkAgainst(503)).toEqual({ code: 1, asked: ['/readyz'] });
  });

  it('is not with a port that nobody listens on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await runCheck(port)).toBe(1);
  });

  async function checkAgainst(status: number): Promise<{ code: number; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(status).end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const code = await runCheck((server.address() as AddressInfo).port);
    server.close();
    return { code, asked };
  }

  async function runCheck(port: number): Promise<number> {
    const [program, ...args] = execForm(command);
    expect(program).toBe('node');
    const child = spawn(process.execPath, args, {
      env: { ...environment(service), API_PORT: String(port) },
      stdio: 'inherit',
    });
    const [code] = (await once(child, 'exit')) as [number];
    return code;
  }
});

function stage(name: string): Stage {
  return stageOf(stages, name);
}

function removedPaths(): string[] {
  const paths = all(stage('packages'), 'RUN')
    .filter((command) => command.startsWith('rm -r '))
    .flatMap((command) => command.split(' ').slice(2));
  expect(paths.length).toBeGreaterThan(3);
  return paths;
}
