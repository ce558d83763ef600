import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { APIGatewayProxyResult, LambdaEvent } from 'hono/aws-lambda';

/** What AWS runs round a handler, as far as a test needs it. */
export interface LambdaProcess<Event = LambdaEvent, Answer = APIGatewayProxyResult> {
  readonly process: ChildProcess;
  /** One invocation; they come one after the other. */
  invoke(event: Event, remainingMs?: number): Promise<Answer>;
  /** What was printed so far. */
  output(): string;
  stop(): Promise<void>;
}

const runtime = `
const { handler } = await import(process.argv[1]);
process.on('message', async ({ event, remainingMs }) => {
  const end = performance.now() + remainingMs;
  process.send(await handler(event, { getRemainingTimeInMillis: () => end - performance.now() }));
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
    output: () => printed,
    async stop() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
