import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { APIGatewayProxyResult, LambdaEvent } from 'hono/aws-lambda';

/** What AWS runs round a handler, as far as a test needs it. */
export interface LambdaProcess<Event = LambdaEvent, Answer = APIGatewayProxyResult> {
  readonly process: ChildProcess;
  /** One invocation; they come one after the other. */
  invoke(event: Event, remainingMs?: number): Promise<Answer>;
  /** The same of the handler that writes its answer: its head, and what it wrote each time. */
  stream(event: Event): Promise<Streamed>;
  /** What was printed so far. */
  output(): string;
  stop(): Promise<void>;
}

export interface Streamed {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly string[];
}

const runtime = `
const { Writable } = await import('node:stream');
const heads = new WeakMap();
globalThis.awslambda = {
  streamifyResponse: (streaming) => streaming,
  HttpResponseStream: { from: (out, head) => (heads.set(out, head), out) },
};
const { handler, streamHandle } = await import(process.argv[1]);
process.on('message', async ({ event, remainingMs, streamed }) => {
  const end = performance.now() + remainingMs;
  const context = { getRemainingTimeInMillis: () => end - performance.now() };
  if (!streamed) return process.send(await handler(event, context));
  const pieces = [];
  const out = new Writable({
    write(piece, _, done) {
      pieces.push(String(piece));
      done();
    },
  });
  await streamHandle(event, out, context);
  process.send({ ...heads.get(out), pieces });
});
process.send('ready');
`;

/** Starts a bundled handler in a process of its own, with these settings alone. */
export async function startLambda<Event = LambdaEvent, Answer = APIGatewayProxyResult>(
  bundle: string,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<LambdaProcess<Event, Answer>> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', runtime, bundle], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const closed = once(child, 'close');
  const next = async (): Promise<unknown> => {
    const ended = closed.then(() => Promise.reject(new Error(`It ended:\n${printed}`)));
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return message;
  };
  await next();
  return {
    process: child,
    async invoke(event, remainingMs = 30_000) {
      const answer = next();
      child.send({ event: event as object, remainingMs });
      return (await answer) as Answer;
    },
    async stream(event) {
      const answer = next();
      child.send({ event: event as object, remainingMs: 30_000, streamed: true });
      return (await answer) as Streamed;
    },
    output: () => printed,
    async stop() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
