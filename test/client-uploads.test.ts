import { randomUUID } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { createMemoryStore } from '../adapters/memory-store.ts';
import { createS3Objects } from '../adapters/s3-objects.ts';
import { createS3Uploads } from '../adapters/s3-uploads.ts';
import { imageId } from '../core/image-id.ts';
import { locateByRecord } from '../core/locate-image.ts';
import { type UploadType, uploadTypes } from '../core/upload-request.ts';
import { createUploads } from '../core/uploads.ts';
import { listen, type RunningServer } from '../http/server.ts';
import type { Answer, Problem } from '../web/client-answer.ts';
import { toUploadRequest } from '../web/client-upload.ts';
import { createClient } from '../web/client.ts';
import { createKey } from './support/api-keys.ts';
import { type AwsServer, startAws } from './support/aws-server.ts';
import { expectOk } from './support/expect-ok.ts';
import { createGuardedApp } from './support/guarded-app.ts';
import { useHttpServers } from './support/http-servers.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';
import { createFolderUploads, pointOf } from './support/uploads.ts';

const newDirectory = useTemporaryDirectories();
const serve = useHttpServers();
const servers: RunningServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close(0))));

const dog = new File([Buffer.from('the bytes of a dog')], 'My dog.jpg', { type: 'image/jpeg' });

function valueOf<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`${answer.problem.code}: ${answer.problem.detail}`);
}

function problemOf(answer: Answer<unknown>): Problem {
  if (!answer.ok) return answer.problem;
  throw new Error('Cannot take the problem as there is none', { cause: answer.value });
}

async function listenTo(app: ReturnType<typeof createGuardedApp>): Promise<string> {
  const server = expectOk(await listen({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }));
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

/** A server with a folder for uploads, and a client of it that has every scope. */
async function startFolder() {
  const store = createMemoryStore({ dimensions: 2 });
  const folder = createFolderUploads(await newDirectory(), store);
  const { key, ...entry } = createKey({ id: 'all', scopes: ['search', 'write', 'admin'] });
  const baseUrl = await listenTo(createGuardedApp({ keys: [entry], store, ...folder }));
  return { ...folder, store, baseUrl, client: createClient({ baseUrl, apiKey: key }) };
}

describe('an upload into a folder', () => {
  it('is there under its key, and searchable when it is indexed', async () => {
    const { client, objects, store } = await startFolder();
    expect(valueOf(await client.uploads()).enabled).toBe(true);
    const progress: unknown[] = [];
    const { id, key } = valueOf(
      await client.upload(dog, { category: 'animals', onProgress: (one) => progress.push(one) }),
    );
    expect(key).toMatch(/^animals\/[\da-f-]{36}-My-dog\.jpg$/);
    expect(id).toBe(imageId(key));
    expect(Buffer.from(expectOk(await objects.get(key)).bytes).toString()).toBe(await dog.text());
    expect(progress.at(-1)).toEqual({ sent: dog.size, total: dog.size });
    const waiting = client.waitUntilSearchable(id);
    setTimeout(() => void store.upsert([pointOf(objects.root, key, id)]), 100);
    expect(valueOf(await waiting).metadata.file_path).toBe(key);
    expect(valueOf(await client.remove(id))).toEqual({ id });
    expect(expectOk(await objects.head(key))).toBeUndefined();
  });

  it('takes a large file, and many at once', async () => {
    const { client, objects } = await startFolder();
    const large = new Blob([Buffer.alloc(20_000_000, 'picture')], { type: 'image/png' });
    const { key } = valueOf(await client.upload(large));
    expect(key).toMatch(/-picture\.png$/);
    expect(expectOk(await objects.head(key))?.bytes).toBe(20_000_000);
    const uploaded = await Promise.all(Array.from({ length: 30 }, () => client.upload(dog)));
    expect(new Set(uploaded.map((answer) => valueOf(answer).id)).size).toBe(30);
  });

  it('says which field of the request is wrong', async () => {
    const { client } = await startFolder();
    const text = new File(['x'], 'notes.txt', { type: 'text/plain' });
    expect(problemOf(await client.upload(text))).toMatchObject({
      code: 'invalid_field',
      errors: [{ path: 'content_type' }],
    });
    const empty = new File([], 'empty.jpg');
    expect(problemOf(await client.upload(empty)).errors).toMatchObject([{ path: 'size' }]);
    const answer = await client.upload(dog, { category: '../x', file_name: 'a/b' });
    expect(problemOf(answer).errors.map(({ path }) => path)).toEqual(['file_name', 'category']);
  });

  it('needs a key that may', async () => {
    const { baseUrl } = await startFolder();
    const problem = problemOf(await createClient({ baseUrl }).upload(dog));
    expect(problem).toMatchObject({ code: 'unauthenticated', status: 401 });
  });

  it('can be broken off', async () => {
    const { client, objects } = await startFolder();
    const leave = new AbortController();
    const large = new Blob([Buffer.alloc(40_000_000)], { type: 'image/png' });
    const onProgress = () => setTimeout(() => leave.abort(), 5);
    const answer = await client.upload(large, { signal: leave.signal, onProgress });
    expect(problemOf(answer)).toMatchObject({ code: 'cancelled', status: 0 });
    for await (const found of objects.list()) expect(found).toBeUndefined();
  });

  it('tells what the server says of the form, and sends it no key', async () => {
    const { url, asked } = await serve((response, place) => {
      if (place % 2 === 0) {
        const form = { id: '1', key: 'k', url: '/form', method: 'POST', fields: { key: 'k' } };
        response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(form));
        return;
      }
      const status = place === 1 ? 403 : 200;
      const body = place === 1 ? '{"code":"upload_refused","detail":"Too old"}' : '<p>Log in</p>';
      const type = place === 1 ? 'application/problem+json' : 'text/html';
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    const client = createClient({ baseUrl: url, apiKey: 'ps_secret' });
    const refused = problemOf(await client.upload(dog));
    expect(refused).toMatchObject({ code: 'upload_refused', detail: 'Too old', status: 403 });
    expect(problemOf(await client.upload(dog))).toMatchObject({ code: 'unexpected', status: 200 });
    const keys = asked.map(({ headers }) => headers.authorization);
    expect(keys).toEqual(['Bearer ps_secret', undefined, 'Bearer ps_secret', undefined]);
    expect(asked[1]?.body).toContain('the bytes of a dog');
  });

  it('says that it has expired, or that the file is another', async () => {
    const { uploads, uploadForms, advance } = await startFolder();
    const app = createGuardedApp({ uploads, uploadForms });
    const baseUrl = await listenTo(app);
    // Between the form and its use somebody waits, or changes the file.
    const through = (change: (form: Blob) => Promise<Blob>): typeof fetch => {
      return async (input, init) => {
        if (!String(input).endsWith('/form')) return fetch(input, init);
        return fetch(input, { ...init, body: await change(init?.body as Blob) });
      };
    };
    const wait = async (form: Blob) => {
      advance(1_000_000);
      return form;
    };
    const late = createClient({ baseUrl, fetch: through(wait) });
    expect(problemOf(await late.upload(dog)).detail).toContain('expired');
    const longer = through(async (form) => {
      const text = (await form.text()).replace('of a dog', 'of another dog');
      return new Blob([text], { type: form.type });
    });
    const changed = problemOf(await createClient({ baseUrl, fetch: longer }).upload(dog));
    expect(changed).toMatchObject({ code: 'upload_refused', status: 403 });
    expect(changed.detail).toContain('as long as was agreed');
  });
});

describe('an upload to a bucket', () => {
  let aws: AwsServer;
  beforeAll(async () => {
    aws = await startAws();
    await aws.createBucket('pictures');
  });

  async function startBucket(bucket = 'pictures') {
    const client = aws.s3;
    const objects = createS3Objects({ bucket, client });
    const target = createS3Uploads({ bucket, client });
    const locate = locateByRecord(createMemoryStore({ dimensions: 2 }));
    const uploads = createUploads({ target, objects, locate, newId: randomUUID });
    return createClient({ baseUrl: await listenTo(createGuardedApp({ uploads })) });
  }

  it('is there under its key, with its type', async () => {
    const client = await startBucket();
    const { id, key } = valueOf(await client.upload(dog, { category: 'tiere & more' }));
    expect(id).toBe(imageId(`s3://pictures/${key}`));
    const head = await aws.s3.send(new HeadObjectCommand({ Bucket: 'pictures', Key: key }));
    expect(head).toMatchObject({ ContentLength: dog.size, ContentType: 'image/jpeg' });
  });

  it('says what is wrong in the words of this API', async () => {
    const client = await startBucket('missing');
    const problem = problemOf(await client.upload(dog));
    expect(problem).toMatchObject({ code: 'upload_refused', status: 404 });
    expect(problem.detail).toMatch(/^Cannot upload the file as the bucket says NoSuchBucket/);
  });

  it.each([
    [
      400,
      'EntityTooLarge',
      'Your proposed upload exceeds the maximum',
      'upload_refused',
      /as long/,
    ],
    [400, 'EntityTooSmall', 'Your proposed upload is smaller', 'upload_refused', /as long/],
    [
      403,
      'AccessDenied',
      'Invalid according to Policy: Policy expired.',
      'upload_refused',
      /expired/,
    ],
    [403, 'AccessDenied', 'Access Denied', 'upload_refused', /says AccessDenied: Access Denied/],
    [503, 'SlowDown', 'Please reduce your request rate.', 'objects_unavailable', /SlowDown/],
    [500, 'InternalError', '', 'objects_unavailable', /says InternalError$/],
  ])('that is answered %i %s (%s) is %s', async (status, said, message, code, detail) => {
    const xml = `<?xml version="1.0"?><Error><Code>${said}</Code><Message>${message}</Message><RequestId>R1</RequestId></Error>`;
    const { url } = await serve((response, place) => {
      const fields = { key: 'k' };
      if (place === 0) {
        const headers = { 'content-type': 'application/json' };
        response.writeHead(201, headers).end(JSON.stringify({ id: '1', key: 'k', url, fields }));
      } else response.writeHead(status, { 'content-type': 'application/xml' }).end(xml);
    });
    const problem = problemOf(await createClient({ baseUrl: url }).upload(dog));
    expect(problem).toMatchObject({ code, status, request_id: 'R1' });
    expect(problem.detail).toMatch(detail);
  });

  it('that nobody answers is told from a refusal', async () => {
    const { url } = await serve((response) => {
      const form = { id: '1', key: 'k', url: 'http://127.0.0.1:9/', fields: { key: 'k' } };
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(form));
    });
    const problem = problemOf(await createClient({ baseUrl: url }).upload(dog));
    expect(problem).toMatchObject({ code: 'unreachable', status: 0 });
    expect(problem.detail).toContain('127.0.0.1:9');
  });
});

describe('what a client asks for', () => {
  it('has a type that the server takes, of every kind of file', () => {
    const names = [
      'a.jpg',
      'a.JPEG',
      'a.png',
      'a.webp',
      'a.bmp',
      'a.tif',
      'a.tiff',
      'a.gif',
      'a.avif',
    ];
    for (const name of names) {
      const { content_type } = toUploadRequest(new File(['x'], name), {});
      expect(uploadTypes[content_type as UploadType].test(name)).toBe(true);
    }
    expectTypeOf<Parameters<typeof toUploadRequest>[0]>().toEqualTypeOf<Blob>();
  });

  it('has the name of the file, but for what no server takes', () => {
    const asked = (name: string) => toUploadRequest(new File(['x'], name), {}).file_name;
    expect(asked('hündchen 犬.png')).toBe('hündchen 犬.png');
    expect(asked('a\\b\u202egpj.exe')).toBe('a-b-gpj.exe');
    expect(asked('x'.repeat(300))).toHaveLength(255);
  });
});
