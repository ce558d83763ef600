import { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { Agent } from 'node:http';
import { onTestFinished, describe, expect, it } from 'vitest';
import { testCredentials } from '../test/support/aws-server.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import {
  generationsArn,
  type KeyValueServer,
  startKeyValueServer,
} from '../test/support/key-value-server.ts';
import { createKeyValues } from './cloudfront-key-values.ts';

/** Every name is this machine. */
const httpAgent = new Agent({
  lookup: (_, { all }, done) => {
    const address = { address: '127.0.0.1', family: 4 };
    if (all) done(null, [address]);
    else done(null, address.address, address.family);
  },
});

function open(server: KeyValueServer, arn = generationsArn) {
  const client = new CloudFrontKeyValueStoreClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: testCredentials,
    requestHandler: { httpAgent },
    maxAttempts: 5,
  });
  onTestFinished(() => client.destroy());
  return createKeyValues({ arn, client });
}

describe('a store of keys of CloudFront', () => {
  it('is written to with a signature for all regions, at the name of its account', async () => {
    const server = await startKeyValueServer();
    expectOk(await open(server).put('generation', 'one'));
    expect(server.values.get('generation')).toBe('one');
    expect(server.seen).toHaveLength(2);
    for (const { authorization, host } of server.seen) {
      expect(authorization).toMatch(/^AWS4-ECDSA-P256-SHA256 Credential=test\//);
      expect(host).toMatch(/^123456789012\.localhost/);
    }
  });

  it('is asked for its version once, while nobody else writes', async () => {
    const server = await startKeyValueServer();
    const keys = open(server);
    for (const value of ['one', 'two', 'three']) expectOk(await keys.put('generation', value));
    expect(server.values.get('generation')).toBe('three');
    expect(server.calls).toEqual(['DescribeKeyValueStore', 'PutKey', 'PutKey', 'PutKey']);
  });

  it('takes the value of who came second as well', async () => {
    const server = await startKeyValueServer();
    const keys = open(server);
    expectOk(await keys.put('generation', 'one'));
    server.change();
    expectOk(await keys.put('generation', 'two'));
    expect(server.values.get('generation')).toBe('two');
  });

  it('is asked for its version anew where it says no more than that the request is not valid', async () => {
    const server = await startKeyValueServer();
    server.fail(undefined, { status: 400, name: 'ValidationException' });
    expectOk(await open(server).put('generation', 'new'));
    const once = ['DescribeKeyValueStore', 'PutKey'];
    expect(server.calls).toEqual([...once, ...once]);
  });

  it('takes them all where several write at the same time', async () => {
    const server = await startKeyValueServer();
    const writers = [open(server), open(server), open(server)];
    const written = await Promise.all(writers.map((keys, place) => keys.put(`k${place}`, 'new')));
    for (const result of written) expectOk(result);
    expect([...server.values.keys()].toSorted()).toEqual(['k0', 'k1', 'k2']);
  });

  it.each([
    ['is throttled', { status: 429, name: 'ThrottlingException' }],
    ['has a fault', { status: 500, name: 'InternalServerException' }],
    ['loses an answer', { status: 503, name: 'ServiceUnavailable', done: true }],
  ])('is asked again when it %s', async (_, fault) => {
    const server = await startKeyValueServer();
    server.fail(undefined, fault, fault);
    expectOk(await open(server).put('generation', 'new'));
    expect(server.values.get('generation')).toBe('new');
  });

  it('that is not there, or denied, is a failure which names it', async () => {
    const server = await startKeyValueServer();
    const other = generationsArn.replace('generations', 'others');
    const failed = expectFailure(await open(server, other).put('generation', 'new'));
    expect(failed.code).toBe('objects_unavailable');
    expect(failed.detail).toContain('key-value-store/others');
    server.fail({ status: 403, name: 'AccessDeniedException' });
    const denied = expectFailure(await open(server).put('generation', 'new'));
    expect(denied.detail).toContain('AccessDenied');
  });

  it('that somebody else always changes in between is given up', async () => {
    const server = await startKeyValueServer();
    const conflict = { status: 409, name: 'ConflictException' };
    server.fail(...Array.from({ length: 20 }, () => [undefined, conflict]).flat());
    const failed = expectFailure(await open(server).put('generation', 'new'));
    expect(failed.detail).toContain('Conflict');
    expect(server.calls.length).toBeLessThan(20);
  });
});
