import { type Context, Hono } from 'hono';
import {
  type APIGatewayProxyResult,
  defaultIsContentTypeBinary,
  handle,
  type LambdaContext,
  type LambdaEvent,
} from 'hono/aws-lambda';
import { deadlineHeader, readDeadlineMs } from '../../http/deadline.ts';

export type LambdaHandler = (
  event: LambdaEvent,
  context: Pick<LambdaContext, 'getRemainingTimeInMillis'>,
) => Promise<APIGatewayProxyResult>;

/** What is left of an invocation for its answer on the way out, and for what is sent after it. */
const marginMs = 500;

/**
 * The app as a Lambda function behind API Gateway (HTTP API), a function URL or a load balancer (with
 * one value per header or with many): the answer has the shape that the event asks for. An answer
 * comes before Lambda would end the invocation.
 *
 * @param flush What must not wait for the next invocation: Lambda freezes the process between two,
 * perhaps for ever.
 */
export function createLambdaHandler(app: Hono, flush: () => Promise<void>): LambdaHandler {
  const answer = createAnswering(app);
  return async (event, context) => {
    try {
      return await answer(event, context as LambdaContext);
    } finally {
      await flush();
    }
  };
}

/** Asks the app what an event asks for; who gives another answer than the app's, gives that. */
export function createAnswering<Given extends Pick<LambdaContext, 'getRemainingTimeInMillis'>>(
  app: Hono,
  answerWith: (response: Response, context: Given) => Promise<Response> = async (all) => all,
): (event: LambdaEvent, context: Given) => Promise<APIGatewayProxyResult> {
  const outer = new Hono();
  outer.all('*', async (c) => {
    setDeadline(c);
    const { lambdaContext } = c.env as { readonly lambdaContext: Given };
    return answerWith(await app.fetch(c.req.raw, c.env as object), lambdaContext);
  });
  const answer = handle(outer, { isContentTypeBinary });
  return (event, context) =>
    answer(withJoinedHeaders(withoutUselessBody(event)), context as unknown as LambdaContext);
}

/** A stream of events is a text like any other. */
function isContentTypeBinary(type: string): boolean {
  return type !== 'text/event-stream' && defaultIsContentTypeBinary(type);
}

/** As a caller would who has only so long. */
function setDeadline(c: Context): void {
  const { lambdaContext } = c.env as { readonly lambdaContext: LambdaContext };
  const leftMs = Math.max(1, Math.floor(lambdaContext.getRemainingTimeInMillis() - marginMs));
  const { headers } = c.req.raw;
  const given = headers.get(deadlineHeader) ?? undefined;
  headers.set(deadlineHeader, String(readDeadlineMs(given, leftMs)));
}

/** Gateways hand on the body of a GET, which `Request` refuses and no route reads. */
function withoutUselessBody(event: LambdaEvent): LambdaEvent {
  const method = 'rawPath' in event ? event.requestContext.http.method : methodOf(event);
  return method === 'GET' || method === 'HEAD' ? { ...event, body: null } : event;
}

/** As HTTP joins the values of one header; hono would put a semicolon between them. */
function withJoinedHeaders(event: LambdaEvent): LambdaEvent {
  if (!('multiValueHeaders' in event) || !event.multiValueHeaders) return event;
  const joined = Object.entries(event.multiValueHeaders).map(([name, values = []]) => {
    return [name, name.toLowerCase() === 'cookie' ? values : [values.join(', ')]];
  });
  return { ...event, multiValueHeaders: Object.fromEntries(joined) } as LambdaEvent;
}

function methodOf(event: Exclude<LambdaEvent, { rawPath: string }>): string {
  return 'httpMethod' in event ? event.httpMethod : event.method;
}
