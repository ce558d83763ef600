import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { createS3Uploads } from '../adapters/s3-uploads.ts';
import { locateByRecord } from '../core/locate-image.ts';
import { ok } from '../core/result.ts';
import type { Search } from '../core/search.ts';
import { createUploads } from '../core/uploads.ts';
import { listen, type RunningServer } from '../http/server.ts';
import type { Answer } from '../web/client-answer.ts';
import type { Uploaded } from '../web/client-upload.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { createClientModules } from './support/client-modules.ts';
import { expectOk } from './support/expect-ok.ts';
import { createGuardedApp } from './support/guarded-app.ts';
import { createResponse } from './support/search-app.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';
import { createFolderUploads, type FolderUploads } from './support/uploads.ts';

const executablePath = '/usr/bin/chromium';
const newDirectory = useTemporaryDirectories();

interface Uploading {
  readonly answer: Answer<Uploaded>;
  readonly progress: readonly { readonly sent: number; readonly total: number }[];
}

describe.skipIf(!existsSync(executablePath))('the client in a browser', () => {
  let browser: Browser;
  let aws: AwsServer;
  const servers: RunningServer[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    aws = await startAws(({ app }) => {
      // As a bucket with a CORS rule for POST answers.
      app.addHook('onRequest', async ({ method }, reply) => {
        reply.header('access-control-allow-origin', '*');
        reply.header('access-control-allow-methods', 'POST');
        if (method === 'OPTIONS') await reply.code(200).send();
      });
    });
    await aws.createBucket('pictures');
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(servers.map((server) => server.close(0)));
  });

  /** A page of a server, with the content security policy that it sets. */
  async function open(parts: Parameters<typeof createGuardedApp>[0]): Promise<Page> {
    const app = createGuardedApp(parts);
    app.route('/', createClientModules());
    const server = expectOk(await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }));
    servers.push(server);
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.port}/docs`);
    return page;
  }

  /** Uploads so many bytes, and leaves once so many of them are sent. */
  function upload(page: Page, bytes: number, leaveAfter?: number): Promise<Uploading> {
    const asked = `(async ([bytes, leaveAfter]) => {
      const { createClient } = await import('/client.js');
      const client = createClient({ baseUrl: location.origin });
      const file = new File([new Uint8Array(bytes).fill(7)], 'Hündchen "1".png', { type: 'image/png' });
      const leave = new AbortController();
      const progress = [];
      const onProgress = (one) => {
        progress.push(one);
        if (one.sent >= leaveAfter) leave.abort();
      };
      const answer = await client.upload(file, { category: 'dogs', onProgress, signal: leave.signal });
      return { answer, progress };
    })(${JSON.stringify([bytes, leaveAfter ?? 1e12])})`;
    return page.evaluate<Uploading>(asked);
  }

  async function openFolder(): Promise<{ page: Page; folder: FolderUploads }> {
    const folder = createFolderUploads(await newDirectory(), createMemoryStore({ dimensions: 2 }));
    return { folder, page: await open(folder) };
  }

  it('uploads to the server, and tells how far it is', async () => {
    const { page, folder } = await openFolder();
    const { answer, progress } = await upload(page, 8_000_000);
    if (!answer.ok) throw new Error(answer.problem.detail);
    const { bytes } = expectOk(await folder.objects.get(answer.value.key));
    expect(bytes.length).toBe(8_000_000);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
    expect(progress.at(-1)).toEqual({ sent: 8_000_000, total: 8_000_000 });
    const sent = progress.map((one) => one.sent);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  });

  it('hears of results before the explanation has begun, and of each piece', async () => {
    const goOn = Promise.withResolvers<void>();
    const found = createResponse({ query: 'a dog' });
    const search: Search = async (_, { progress }) => {
      progress?.results(found);
      await goOn.promise;
      for (const piece of ['Wo', 'of.']) progress?.explanation(piece);
      return ok({ ...found, explanation: 'Woof.' });
    };
    const page = await open({ search });
    await page.exposeFunction('seen', () => goOn.resolve());
    const told = await page.evaluate<unknown>(`(async () => {
      const { createClient } = await import('/client.js');
      const told = [];
      const answer = await createClient({ baseUrl: location.origin }).searchStream(
        { query: 'a dog', include_explanation: true },
        {
          onResults: (response) => { told.push(response.query); seen(); },
          onExplanation: (piece) => told.push(piece),
        },
      );
      return [...told, answer.ok && answer.value.explanation];
    })()`);
    expect(told).toEqual(['a dog', 'Wo', 'of.', 'Woof.']);
  });

  it('hears why a large upload is refused', async () => {
    const { page, folder } = await openFolder();
    await page.exposeFunction('waitTooLong', () => folder.advance(1_000_000));
    await page.evaluate(`(() => {
      const plain = fetch;
      window.fetch = async (...asked) => {
        const answer = await plain(...asked);
        await waitTooLong();
        return answer;
      };
    })()`);
    const { answer } = await upload(page, 20_000_000);
    expect(answer).toMatchObject({ ok: false, status: 403, problem: { code: 'upload_refused' } });
    expect(JSON.stringify(answer)).toContain('expired');
  });

  it('breaks off when it is told to', async () => {
    const { page, folder } = await openFolder();
    const { answer } = await upload(page, 45_000_000, 1);
    expect(answer).toMatchObject({ ok: false, problem: { code: 'cancelled' } });
    for await (const found of folder.objects.list()) expect(found).toBeUndefined();
  });

  it('uploads to a bucket of another origin, where the page may', async () => {
    const client = aws.s3;
    const uploads = createUploads({
      target: createS3Uploads({ bucket: 'pictures', client }),
      objects: createS3Objects({ bucket: 'pictures', client }),
      locate: locateByRecord(createMemoryStore({ dimensions: 2 })),
      newId: randomUUID,
    });
    const page = await open({ uploads, connectTo: [aws.url] });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    const { answer, progress } = await upload(page, 3_000_000);
    if (!answer.ok) throw new Error(answer.problem.detail);
    const head = new HeadObjectCommand({ Bucket: 'pictures', Key: answer.value.key });
    expect(await client.send(head)).toMatchObject({
      ContentLength: 3_000_000,
      ContentType: 'image/png',
    });
    expect(progress.at(-1)?.sent).toBe(3_000_000);
    expect(complaints).toEqual([]);

    const strict = await open({ uploads });
    const blocked = (await upload(strict, 1000)).answer;
    expect(blocked).toMatchObject({ ok: false, problem: { code: 'unreachable', status: 0 } });
  });
});
