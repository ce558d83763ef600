import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../test/support/dockerfile.ts';
import { expectOk } from '../test/support/expect-ok.ts';
import { useTemporaryDirectories } from '../test/support/temporary-directory.ts';
import { replayBuild } from './dockerfile-build.ts';
import { startImage } from './dockerfile-start.ts';

const temporaryDirectory = useTemporaryDirectories();

/** Tells what it may write to, and ends when it is told to. */
const program = [
  "import { accessSync, constants } from 'node:fs';",
  "import { createServer } from 'node:http';",
  'const may = (path) => { try { accessSync(path, constants.W_OK); return true; } catch { return false; } };',
  "console.log(JSON.stringify({ uid: process.getuid(), pid: process.pid, kind: process.env.KIND, data: may('/data'), app: may('/app'), tmp: may('/tmp') }));",
  'const server = createServer((_, response) => response.end()).listen(process.env.PORT);',
  "process.once('SIGTERM', () => { server.close(); server.closeAllConnections(); });",
].join('\n');

const dockerfile = `# A comment
ARG KIND=plain
FROM node:24-bookworm-slim AS node
WORKDIR /made
ARG KIND
RUN echo '${Buffer.from(program).toString('base64')}' | base64 -d > main.mjs \\
  && echo "$KIND" > kind
FROM nvidia/cuda:12 AS with-cuda
RUN ldconfig
FROM debian:bookworm-slim AS with-plain
ENV KIND=from-base
FROM with-\${KIND} AS last
WORKDIR /app
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /made ./
COPY core/result.ts package.json ./
COPY gpu-service gpu-service
RUN install -d -o 10001 -g 10001 /data
VOLUME /data
USER 10001:10001
HEALTHCHECK --interval=1s \\
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT).then(() => process.exit(0), () => process.exit(1))"]
CMD ["node", "main.mjs"]
`;

/** A world of one's own is for root, and not in every container. */
const isPossible =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0;

describe.skipIf(!isPossible)('a Dockerfile that is followed without Docker', () => {
  it('starts as it says, as its user, with nothing to write to but its volume', async () => {
    const image = await build({});
    expect(image.skipped).toEqual([]);
    const app = join(image.directory, 'app');
    expect(readdirSync(app).toSorted()).toEqual(
      ['gpu-service', 'kind', 'main.mjs', 'package.json', 'result.ts'].toSorted(),
    );
    // As .dockerignore says.
    expect(readdirSync(join(app, 'gpu-service'))).toContain('main.ts');
    expect(existsSync(join(app, 'gpu-service/Dockerfile'))).toBe(false);
    expect(existsSync(join(app, 'gpu-service/index-job/app.test.ts'))).toBe(false);
    const started = expectOk(await startImage(image, { PORT: String(await freePort()) }));
    expect(started.exitCode).toBe(0);
    expect(JSON.parse(started.printed.trim())).toEqual({
      uid: 10_001,
      pid: 1,
      kind: 'from-base',
      data: true,
      app: false,
      tmp: false,
    });
    expect(existsSync('/made')).toBe(false);
  });

  it('fails where a step does, and where there is nothing to copy', async () => {
    const after = 'FROM debian:bookworm-slim AS last\n';
    await expect(build({}, `${after}RUN echo so && false`)).rejects.toThrow(/ends with 1: .*\nso/);
    // It is there, but .dockerignore leaves it out.
    await expect(build({}, `${after}COPY cdk cdk`)).rejects.toThrow('nothing to copy: cdk');
  });

  it('names what this machine has not', async () => {
    const image = await build({ KIND: 'cuda' });
    expect(image.skipped[0]).toBe('FROM nvidia/cuda:12');
    expect(image.skipped).toContain('RUN ldconfig');
  });
});

async function build(args: Readonly<Record<string, string>>, text = dockerfile) {
  const scratch = await temporaryDirectory();
  const path = join(scratch, 'Dockerfile');
  await writeFile(path, text);
  return replayBuild({ file: relative(root, path), scratch, args, say: () => undefined });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
