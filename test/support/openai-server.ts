import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach } from 'vitest';

/** A question as it came over the wire. */
export interface AskedChat {
  readonly headers: IncomingMessage['headers'];
  /** The body as it was sent, and parsed. */
  readonly raw: string;
  readonly body: {
    readonly model?: string;
    readonly stream?: boolean;
    readonly stream_options?: { readonly include_usage?: boolean };
    readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
    readonly [field: string]: unknown;
  };
}

/** What the server does with a question. */
export type ChatBehaviour = (response: ServerResponse, asked: AskedChat) => unknown;

export interface OpenAiServer {
  /** What `OPENAI_BASE_URL` is set to. */
  readonly url: string;
  readonly asked: readonly AskedChat[];
  /** How many questions were left by whoever asked, before their answer was complete. */
  left(): number;
  /** What is done with the next questions, one each; the last of them with all that come after. */
  behave(...behaviours: readonly ChatBehaviour[]): void;
  close(): Promise<void>;
}

/** Servers that speak OpenAI's chat completions, and misbehave as the test wants. */
export function useOpenAiServers() {
  const opened: OpenAiServer[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((server) => server.close())));
  return async (...behaviours: readonly ChatBehaviour[]): Promise<OpenAiServer> => {
    const server = await startOpenAiServer(...behaviours);
    opened.push(server);
    return server;
  };
}

export async function startOpenAiServer(...first: readonly ChatBehaviour[]): Promise<OpenAiServer> {
  const asked: AskedChat[] = [];
  let behaviours = first.length > 0 ? [...first] : [says('It fits.')];
  let left = 0;
  const server = createServer(async (request, response) => {
    const raw = await text(request).catch(() => '');
    const question = { headers: request.headers, raw, body: parse(raw) };
    if (request.url !== '/v1/chat/completions' || request.method !== 'POST') {
      return refuses(404)(response);
    }
    asked.push(question);
    response.on('close', () => {
      if (!response.writableFinished) left += 1;
    });
    const [behaviour = says('It fits.')] = behaviours;
    if (behaviours.length > 1) behaviours = behaviours.slice(1);
    return behaviour(response, question);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    left: () => left,
    behave(...next) {
      behaviours = [...next];
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Saying {
  /** Left out: as many as the text has words. Null: this endpoint counts no tokens. */
  readonly usage?: { readonly input: number; readonly output: number } | null;
  /** Before the first byte of the answer. */
  readonly firstAfterMs?: number;
  /** Between the pieces of a stream. */
  readonly betweenMs?: number;
}

/** Answers well: in one piece, or word by word to whoever asks for a stream. */
export function says(words: string | readonly string[], saying: Saying = {}): ChatBehaviour {
  const pieces = typeof words === 'string' ? words.split(/(?<= )/) : words;
  const { firstAfterMs = 0, betweenMs = 0, usage = { input: 20, output: pieces.length } } = saying;
  return async (response, { body }) => {
    await sleep(firstAfterMs);
    if (body.stream !== true) return sendJson(response, completion(pieces.join(''), usage));
    beginStream(response);
    for (const piece of pieces) {
      if (response.destroyed) return undefined;
      sendEvent(response, delta({ content: piece }));
      await sleep(betweenMs);
    }
    sendEvent(response, delta({}, 'stop'));
    if (usage && body.stream_options?.include_usage === true) {
      sendEvent(response, { choices: [], usage: tokens(usage) });
    }
    return response.end('data: [DONE]\n\n');
  };
}

/** Refuses, with an error as OpenAI has it, or with another body. */
export function refuses(
  status: number,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown } = {},
) {
  return (response: ServerResponse): void => {
    const body = more.body ?? { error: { message: `refused with ${status}`, type: 'refusal' } };
    const headers = { 'content-type': 'application/json', ...more.headers };
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Ends the connection without a word. */
export const hangsUp: ChatBehaviour = (response) => response.destroy();

/** Takes the question, and is never heard of again. */
export const neverAnswers: ChatBehaviour = () => {};

/** Sends all that belongs to an answer but its end, and keeps the connection open. */
export const neverCloses: ChatBehaviour = (response, { body }) => {
  if (body.stream === true) {
    beginStream(response);
    sendEvent(response, delta({ content: 'It fits' }));
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(JSON.stringify(completion('It fits.')).slice(0, -1));
};

/** Says something and then breaks off. */
export const cutsOff: ChatBehaviour = async (response, { body }) => {
  if (body.stream === true) {
    beginStream(response);
    sendEvent(response, delta({ content: 'It ' }));
  } else {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
    response.write('{"choices": [{"message": {"content": "It ');
  }
  await sleep(20);
  response.destroy();
};

/** Ends a stream well, in the middle of the text. */
export const stopsEarly: ChatBehaviour = (response) => {
  beginStream(response);
  sendEvent(response, delta({ content: 'It ' }));
  response.end();
};

/** Says it with an event in the stream, after a status of 200. */
export const failsInside: ChatBehaviour = (response) => {
  beginStream(response);
  sendEvent(response, delta({ content: 'It ' }));
  sendEvent(response, { error: { message: 'overloaded', type: 'server_error' } });
  response.end();
};

/** Goes on as long as somebody listens; without pauses where `betweenMs` is 0. */
export function saysForEver(piece = 'and so on ', betweenMs = 1): ChatBehaviour {
  return async (response, { body }) => {
    if (body.stream === true) beginStream(response);
    else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"choices": [{"message": {"content": "');
    }
    while (!response.destroyed) {
      if (body.stream === true) sendEvent(response, delta({ content: piece }));
      else response.write(piece);
      await sleep(betweenMs);
    }
  };
}

/** Answers with this as it stands, whatever was asked for. */
export function answersWith(
  body: string,
  contentType = 'application/json',
  status = 200,
): ChatBehaviour {
  return (response) => response.writeHead(status, { 'content-type': contentType }).end(body);
}

/** What is no JSON where JSON belongs, in a stream as well. */
export const rubbish: ChatBehaviour = (response, { body }) => {
  if (body.stream !== true) return answersWith('{"choices": [{"mess')(response, noQuestion);
  beginStream(response);
  return response.end('data: {"choices": [{"del\n\ndata: [DONE]\n\n');
};

/** The page that a proxy shows. */
export const html = answersWith('<html><body>Welcome to nginx!</body></html>', 'text/html');

export const emptyChoices: ChatBehaviour = (response, { body }) => {
  if (body.stream !== true) return sendJson(response, { choices: [] });
  beginStream(response);
  sendEvent(response, { choices: [] });
  return response.end('data: [DONE]\n\n');
};

/** A well formed answer of so many characters, in one piece. */
export function saysHugely(characters: number): ChatBehaviour {
  return says(['x'.repeat(characters)]);
}

const noQuestion: AskedChat = { headers: {}, raw: '', body: {} };

interface Usage {
  readonly input: number;
  readonly output: number;
}

function tokens({ input, output }: Usage) {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function completion(content: string, usage: Usage | null = null) {
  const message = { role: 'assistant', content };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    ...(usage && { usage: tokens(usage) }),
  };
}

function delta(content: object, finish: string | null = null) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: content, finish_reason: finish }],
  };
}

function beginStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

function sendEvent(response: ServerResponse, value: unknown): void {
  response.write(`data: ${JSON.stringify(value)}\n\n`);
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function parse(raw: string): AskedChat['body'] {
  try {
    return JSON.parse(raw);
  } catch {
    return {};
  }
}
