import { setTimeout as pause } from 'node:timers/promises';
import sharp from 'sharp';

const category = 'uploaded-by-the-benchmark';

/** Somebody who uploads pictures, and looks when they are found. */
export interface CdnUploader {
  /** Uploads one, and waits until it is found at the server itself. */
  upload(): Promise<void>;
  /** Milliseconds until all that were uploaded are found at this address, asked ten times a second. */
  seenAfterMs(url: string): Promise<number>;
}

const patienceMs = 60_000;
const everyMs = 100;

/** @param serverUrl Of `npm start`. */
export function createCdnUploader(serverUrl: string): CdnUploader {
  let count = 0;

  async function seenAfterMs(url: string): Promise<number> {
    const query = new URLSearchParams({
      q: 'a picture',
      'filter.category': category,
      top_k: '100',
    });
    const startMs = performance.now();
    while (performance.now() - startMs < patienceMs) {
      const response = await fetch(`${url}/search?${query}`, {
        signal: AbortSignal.timeout(patienceMs),
      });
      const { total } = (await response.json()) as { readonly total?: number };
      if (total === count) return performance.now() - startMs;
      await pause(everyMs);
    }
    throw new Error(`Picture ${count} was not found within ${patienceMs / 1000} s at ${url}`);
  }

  return {
    seenAfterMs,
    async upload() {
      await uploadTo(serverUrl, `${count}.png`, await createPicture());
      count += 1;
      await seenAfterMs(serverUrl);
    },
  };
}

async function uploadTo(
  serverUrl: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const [type, size] = ['image/png', bytes.length];
  const asked = await fetch(`${serverUrl}/uploads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ file_name: name, content_type: type, size, category }),
  });
  const { url, fields } = (await asked.json()) as {
    readonly url: string;
    readonly fields: Readonly<Record<string, string>>;
  };
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('file', new Blob([bytes], { type }), name);
  const sent = await fetch(new URL(url, serverUrl), { method: 'POST', body: form });
  if (!sent.ok) throw new Error(`The upload was refused: ${sent.status} ${await sent.text()}`);
}

/** Like no other: what is the same as another one would still be a picture of its own. */
function createPicture(): Promise<Uint8Array<ArrayBuffer>> {
  const [r = 0, g = 0, b = 0] = crypto.getRandomValues(new Uint8Array(3));
  const background = { r, g, b };
  const picture = sharp({ create: { width: 64, height: 64, channels: 3, background } });
  return picture
    .png()
    .toBuffer()
    .then((buffer) => new Uint8Array(buffer));
}
