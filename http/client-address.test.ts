import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { describe, expect, it } from 'vitest';
import { expectOk } from '../test/support/expect-ok.ts';
import { createAddressOf } from './client-address.ts';
import { listen } from './server.ts';

function createEcho(trustedProxies: number) {
  const addressOf = createAddressOf({ trustedProxies });
  return new Hono().get('/', (c) => c.text(addressOf(c)));
}

async function ask(trustedProxies: number, peer: string | undefined, forwarded?: string) {
  const env = { incoming: { socket: { remoteAddress: peer } } };
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return (await createEcho(trustedProxies).request('/', { headers }, env)).text();
}

describe('the address of a caller', () => {
  it.each<[string, number, string, string | undefined, string]>([
    ['is the socket', 0, '192.0.2.1', undefined, '192.0.2.1'],
    ['is the socket, whatever it claims', 0, '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    ['is what one proxy saw', 1, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['is not what it told the proxy', 1, '10.0.0.1', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['is what the first of two saw', 2, '10.0.0.1', '1.1.1.1,203.0.113.9,10.0.0.2', '203.0.113.9'],
    ['is the furthest known, past too few proxies', 3, '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['is the socket where the proxy is silent', 1, '192.0.2.1', undefined, '192.0.2.1'],
    ['is the proxy where it wrote nonsense', 1, '10.0.0.1', '203.0.113.9, unknown', '10.0.0.1'],
    ['may come with a port', 1, '10.0.0.1', '203.0.113.9:4711', '203.0.113.9'],
    ['may come in brackets', 1, '10.0.0.1', '[2001:db8::9]:443', '2001:db8:0:0::/64'],
    ['is not fooled by an empty entry', 1, '10.0.0.1', '203.0.113.9,', '10.0.0.1'],
    ['is not fooled by endless entries', 1, '10.0.0.1', '1.1.1.1,'.repeat(5000), '10.0.0.1'],
    ['is not fooled by markup', 1, '10.0.0.1', '<b>1.1.1.1</b>', '10.0.0.1'],
    ['is one of IPv4 when that is mapped', 0, '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['is one of IPv4 when mapped in hex', 0, '::FFFF:c000:201', undefined, '192.0.2.1'],
    ['is the network of IPv6', 0, '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
    ['is the same in another spelling', 0, '2001:0DB8:1:2::6', undefined, '2001:db8:1:2::/64'],
    ['may have a zone', 0, 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
    ['may be the loopback', 0, '::1', undefined, '0:0:0:0::/64'],
    ['may end in an IPv4 address', 0, '64:ff9b::192.0.2.1', undefined, '64:ff9b:0:0::/64'],
  ])('%s', async (_, trustedProxies, peer, forwarded, address) => {
    expect(await ask(trustedProxies, peer, forwarded)).toBe(address);
  });

  it('is one for all that nothing is known of', async () => {
    expect(await ask(0, undefined, '203.0.113.9')).toBe('unknown');
    expect(await (await createEcho(0).request('/')).text()).toBe('unknown');
  });

  it('comes from a real socket', async () => {
    const { fetch: fetchFromApp } = createEcho(0);
    const server = expectOk(await listen({ fetch: fetchFromApp, hostname: '127.0.0.1', port: 0 }));
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const response = await fetch(`http://127.0.0.1:${server.port}/`, { headers });
    expect(await response.text()).toBe('127.0.0.1');
    await server.close(0);
  });
});

describe('the address of the caller of a Lambda', () => {
  const gateway = (sourceIp: string, forwarded: string) => ({
    version: '2.0',
    routeKey: '$default',
    rawPath: '/',
    rawQueryString: '',
    headers: { 'x-forwarded-for': forwarded, host: 'api.example.com' },
    isBase64Encoded: false,
    requestContext: {
      http: { method: 'GET', path: '/', protocol: 'HTTP/1.1', sourceIp, userAgent: '' },
      domainName: 'api.example.com',
    },
  });
  const balancer = (forwarded: string | undefined) => ({
    httpMethod: 'GET',
    path: '/',
    headers: { host: 'alb.example.com', ...(forwarded && { 'x-forwarded-for': forwarded }) },
    queryStringParameters: {},
    body: '',
    isBase64Encoded: false,
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:target' } },
  });

  it.each<[string, number, unknown, string]>([
    ['a gateway', 0, gateway('192.0.2.1', '1.1.1.1, 192.0.2.1'), '192.0.2.1'],
    ['a CDN before a gateway', 1, gateway('10.0.0.1', '1.1.1.1, 192.0.2.1, 10.0.0.1'), '192.0.2.1'],
    ['a gateway that adds nothing', 1, gateway('10.0.0.1', '1.1.1.1, 192.0.2.1'), '192.0.2.1'],
    ['a balancer', 0, balancer('1.1.1.1, 192.0.2.1'), '192.0.2.1'],
    ['a CDN before a balancer', 1, balancer('1.1.1.1, 192.0.2.1, 10.0.0.1'), '192.0.2.1'],
    ['a silent balancer', 0, balancer(undefined), 'unknown'],
  ])('is found behind %s', async (_, trustedProxies, event, address) => {
    const lambda = handle(createEcho(trustedProxies));
    const answer: unknown = await lambda(event as Parameters<typeof lambda>[0]);
    expect(answer).toMatchObject({ statusCode: 200, body: address });
  });
});
