/** Bytes of the file, without what is around it in the form. */
export interface Progress {
  readonly sent: number;
  readonly total: number;
}

export interface PostOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** In place of the platform's own ways to post. */
  readonly fetch?: typeof fetch | undefined;
}

interface Sending {
  readonly loaded: number;
  readonly total: number;
}

/** What is used of the browser's own, which Node does not have. */
interface Sender {
  readonly upload: {
    addEventListener(type: 'progress', listener: (event: Sending) => void): void;
  };
  addEventListener(type: 'load' | 'error' | 'abort', listener: () => void): void;
  readonly status: number;
  readonly responseText: string;
  open(method: string, url: string): void;
  send(form: Blob): void;
  abort(): void;
  getAllResponseHeaders(): string;
}

/** Posts a form whose last field is the file. Rejects where nobody answers, and by its signal. */
export async function postForm(
  url: URL,
  form: Blob,
  fileBytes: number,
  options: PostOptions,
): Promise<Response> {
  const { signal, onProgress } = options;
  const { XMLHttpRequest } = globalThis as { XMLHttpRequest?: new () => Sender };
  // Only this tells how far it is.
  if (XMLHttpRequest && !options.fetch) {
    return sendWith(new XMLHttpRequest(), url, form, fileBytes, options);
  }
  const post = options.fetch ?? fetch;
  onProgress?.({ sent: 0, total: fileBytes });
  const response = await post(url, { method: 'POST', body: form, signal });
  if (response.ok) onProgress?.({ sent: fileBytes, total: fileBytes });
  return response;
}

function sendWith(
  sender: Sender,
  url: URL,
  form: Blob,
  fileBytes: number,
  { signal, onProgress }: PostOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const leave = () => sender.abort();
    const fail = () => {
      signal.removeEventListener('abort', leave);
      reject(signal.aborted ? signal.reason : new Error(blocked));
    };
    sender.upload.addEventListener('progress', ({ loaded, total }) => {
      // The file comes last.
      const sent = Math.min(fileBytes, Math.max(0, loaded - (total - fileBytes)));
      onProgress?.({ sent, total: fileBytes });
    });
    sender.addEventListener('load', () => {
      signal.removeEventListener('abort', leave);
      resolve(toResponse(sender));
    });
    sender.addEventListener('error', fail);
    sender.addEventListener('abort', fail);
    sender.open('POST', url.href);
    signal.addEventListener('abort', leave);
    if (signal.aborted) fail();
    else sender.send(form);
  });
}

/** A browser does not tell the two apart. */
const blocked = 'the connection failed, or pages of this origin may not post there';

function toResponse(sender: Sender): Response {
  const { status, responseText } = sender;
  const headers = new Headers();
  // Those alone that may be read: to ask a bucket's answer for another is a complaint in the console.
  for (const line of sender.getAllResponseHeaders().split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return new Response(responseText === '' ? null : responseText, { status, headers });
}
