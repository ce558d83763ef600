import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll } from 'vitest';

/** What AWS says to one action; the parameters are those of the request, whatever its protocol. */
export interface AwsAnswer {
  readonly status?: number;
  /** JSON for services that speak it, the inside of the XML for the others. */
  readonly body: string | object;
}

export type AwsAction = (
  parameters: Readonly<Record<string, unknown>>,
  region: string,
) => AwsAnswer;

/** By the name of the action, such as `GetCallerIdentity`. */
export type AwsActions = Readonly<Record<string, AwsAction>>;

export interface AwsAnswers {
  readonly url: string;
  /** The environment of a process that asks here. */
  readonly env: Readonly<Record<string, string>>;
  /** Actions in the order in which they were asked for. */
  readonly asked: string[];
  actions: AwsActions;
}

/** The errors that AWS answers to everything with, in the forms of its protocols. */
export const refusals = {
  denied: refusal('AccessDeniedException', 'User is not authorized to perform this', 403),
  throttled: refusal('ThrottlingException', 'Rate exceeded', 400),
  absent: refusal('ResourceNotFoundException', 'There is none', 400),
} as const;

export function refusal(code: string, message: string, status = 400): AwsAction {
  return () => ({ status, body: { __type: code, message } });
}

/**
 * A server that speaks AWS's protocols (JSON 1.1, query and EC2's query) for the actions it is told,
 * until the tests of the file are over. What it was not told of is denied.
 */
export async function startAwsAnswers(): Promise<AwsAnswers> {
  const asked: string[] = [];
  const answers = { asked, actions: {} as AwsActions };
  const server = createServer(async (request, response) => {
    const { action, parameters, protocol } = await readRequest(request);
    asked.push(action);
    const region = /Credential=[^/]+\/\d+\/([\w-]+)\//.exec(
      request.headers.authorization ?? '',
    )?.[1];
    const answer = answers.actions[action] ?? refusals.denied;
    const { status = 200, body } = answer(parameters, region ?? '');
    const isXml = protocol !== 'json';
    response.writeHead(status, {
      'content-type': isXml ? 'text/xml' : 'application/x-amz-json-1.1',
    });
    response.end(isXml ? toXml(action, protocol, status, body) : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '2',
  };
  return Object.assign(answers, { url, env });
}

type Protocol = 'json' | 'query' | 'ec2';

async function readRequest(request: IncomingMessage) {
  const body = await text(request);
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const parameters = JSON.parse(body) as Record<string, unknown>;
    return { action: target.replace(/^.*\./, ''), parameters, protocol: 'json' as Protocol };
  }
  const form = new URLSearchParams(body);
  const protocol: Protocol = form.get('Version') === '2016-11-15' ? 'ec2' : 'query';
  return { action: form.get('Action') ?? '', parameters: Object.fromEntries(form), protocol };
}

function toXml(action: string, protocol: Protocol, status: number, body: string | object): string {
  if (typeof body !== 'string') {
    const { __type: code = '', message = '' } = body as { __type?: string; message?: string };
    const error = `<Code>${code.replace(/Exception$/, '')}</Code><Message>${message}</Message>`;
    return protocol === 'ec2'
      ? `<Response><Errors><Error>${error}</Error></Errors><RequestID>r</RequestID></Response>`
      : `<ErrorResponse><Error><Type>Sender</Type>${error}</Error><RequestId>r</RequestId></ErrorResponse>`;
  }
  if (status >= 300 || protocol === 'ec2') return `<${action}Response>${body}</${action}Response>`;
  return `<${action}Response><${action}Result>${body}</${action}Result></${action}Response>`;
}
