import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { createS3Client } from '../adapters/s3-client.ts';

// A process of its own for a benchmark, so that its work is not counted: a bucket `photos` with every
// file of a folder, so many times, that answers after so many milliseconds.
const [folder = '', copies = '1', latencyMs = '0'] = process.argv.slice(2);
const far = Number(latencyMs);
const app = buildApp({ logger: false });
let filled = false;
app.addHook('onRequest', async () => {
  if (filled && far > 0) await pause(far);
});
const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = createS3Client({ endpoint, credentials, region: 'eu-central-1', pathStyle: true });
await client.send(new CreateBucketCommand({ Bucket: 'photos' }));
for (const name of await readdir(folder)) {
  const Body = await readFile(join(folder, name));
  for (let copy = 0; copy < Number(copies); copy += 1) {
    await client.send(new PutObjectCommand({ Bucket: 'photos', Key: `${copy}/${name}`, Body }));
  }
}
client.destroy();
filled = true;
process.stdout.write(`${endpoint}\n`);
process.once('SIGTERM', () => process.exit(0));
process.stdin.resume().once('end', () => process.exit(0));
