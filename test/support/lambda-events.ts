import type { LambdaEvent } from 'hono/aws-lambda';

export interface EventRequest {
  readonly method?: string;
  readonly path?: string;
  /** Without the `?`, escaped as in a URL. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How the body is sent. */
  readonly base64?: boolean;
  readonly sourceIp?: string;
}

/** One request as the gateways in front of a Lambda function would describe it. */
export const lambdaEvents = {
  'API Gateway v2': (request) => versionTwo(request, 'api.execute-api.eu-west-1.amazonaws.com'),
  'function URL': (request) => versionTwo(request, 'abc.lambda-url.eu-west-1.on.aws'),
  'load balancer': (request) => loadBalancer(request, false),
  'load balancer, many values': (request) => loadBalancer(request, true),
} as const satisfies Record<string, (request: EventRequest) => LambdaEvent>;

/** A context that has this long to live. */
export function lambdaContext(remainingMs = 30_000) {
  const end = performance.now() + remainingMs;
  return { getRemainingTimeInMillis: () => Math.max(0, end - performance.now()) };
}

/** The request of a search. */
export function searchRequest(
  query: string,
  headers: Readonly<Record<string, string>> = {},
): EventRequest {
  return {
    method: 'POST',
    path: '/search',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  };
}

function versionTwo(request: EventRequest, domainName: string): LambdaEvent {
  const { method = 'GET', path = '/', query = '', sourceIp = '192.0.2.7' } = request;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers: {
      host: domainName,
      'x-forwarded-for': sourceIp,
      'x-forwarded-proto': 'https',
      ...request.headers,
    },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'abc',
      authentication: null,
      authorizer: {},
      domainName,
      domainPrefix: 'abc',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: 'test' },
      requestId: '1f0e5c1b-0000-4000-8000-000000000000',
      routeKey: '$default',
      stage: '$default',
      time: '22/Nov/2026:04:00:00 +0000',
      timeEpoch: 1_795_320_000_000,
    },
    ...bodyOf(request),
  };
}

function loadBalancer(request: EventRequest, manyValues: boolean): LambdaEvent {
  const { method = 'GET', path = '/', query = '', sourceIp = '192.0.2.7' } = request;
  const headers = {
    host: 'search.example.com',
    'x-forwarded-for': sourceIp,
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
    ...request.headers,
  };
  // A load balancer hands the query on as it is, escapes included.
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('='));
  const event = {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:targetgroup/edge/1' } },
    httpMethod: method,
    path,
    ...bodyOf(request),
  };
  if (!manyValues) {
    const single = Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
    return { ...event, headers, queryStringParameters: single };
  }
  const byName = Map.groupBy(pairs, ([name = '']) => name);
  return {
    ...event,
    multiValueHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value]]),
    ),
    multiValueQueryStringParameters: Object.fromEntries(
      Array.from(byName, ([name, same]) => [name, same.map(([, value = '']) => value)]),
    ),
  };
}

function bodyOf({ body, base64 = false }: EventRequest) {
  const isBase64Encoded = base64 && body !== undefined;
  const text = isBase64Encoded ? Buffer.from(body).toString('base64') : body;
  // Both kinds send an empty text where there is no body; API Gateway leaves it out.
  return { body: text ?? '', isBase64Encoded };
}
