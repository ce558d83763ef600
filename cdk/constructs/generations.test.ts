import { readFile } from 'node:fs/promises';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { describe, expect, it } from 'vitest';
import { generationHeader, unknownGeneration } from '../../http/behind-cdn.ts';
import {
  loadEdgeFunction,
  toQueryValues,
  toRawQuery,
} from '../../test/support/cloudfront-function.ts';
import { createSearchCachePolicy, createSearchOriginPolicy } from './cache-policies.ts';
import { Generations, grantPublish } from './generations.ts';

const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
const stack = new Stack(app, 'Front');
const generations = new Generations(stack, 'Generations');
createSearchCachePolicy(stack, 'Kept', 10);
createSearchOriginPolicy(stack, 'Forwarded');
const role = new Role(stack, 'Publisher', {
  assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
});
grantPublish(role, generations.arn);
const template = Template.fromStack(stack);

const file = (name: string) => new URL(`../cloudfront/${name}.js`, import.meta.url);

async function ask(
  raw: string,
  {
    method = 'GET',
    read = async () => 'g1',
  }: { method?: string; read?: () => Promise<string> } = {},
) {
  const run = loadEdgeFunction(await readFile(file('search'), 'utf8'), { get: read });
  const request = {
    method,
    uri: '/search',
    querystring: toQueryValues(raw),
    headers: { [generationHeader]: { value: 'forged' } },
    cookies: {},
  };
  const changed = await run({ request });
  if (!('querystring' in changed)) throw new Error('It answered by itself');
  return {
    query: toRawQuery(changed.querystring),
    generation: changed.headers[generationHeader]?.value,
  };
}

describe('the key of a kept answer', () => {
  it('has question, caller, origin, form and generation in it, and nothing else', () => {
    const [{ Properties } = {}] = Object.values(
      template.findResources('AWS::CloudFront::CachePolicy'),
    );
    expect(Properties.CachePolicyConfig).toMatchObject({
      MinTTL: 0,
      DefaultTTL: 0,
      MaxTTL: 10,
      ParametersInCacheKeyAndForwardedToOrigin: {
        CookiesConfig: { CookieBehavior: 'none' },
        HeadersConfig: {
          HeaderBehavior: 'whitelist',
          Headers: ['Authorization', 'X-Api-Key', 'Origin', 'X-Index-Generation', 'X-Answer-As'],
        },
        QueryStringsConfig: { QueryStringBehavior: 'all' },
      },
    });
  });

  it('takes no more headers than CloudFront lets a policy have', () => {
    for (const type of ['CachePolicy', 'OriginRequestPolicy']) {
      const found = Object.values(template.findResources(`AWS::CloudFront::${type}`));
      const lists = JSON.stringify(found).match(/"Headers":\[[^\]]*\]/g) ?? [];
      expect(lists).toHaveLength(1);
      for (const list of lists) expect(list.split(',').length).toBeLessThanOrEqual(10);
    }
  });
});

describe('the function before the cache', () => {
  it('sorts parameters by name, and changes none', async () => {
    expect(await ask('q=b%2Bc+d&filter.a=2&top_k=3&filter.a=1&empty')).toEqual({
      query: 'empty=&filter.a=2&filter.a=1&q=b%2Bc+d&top_k=3',
      generation: 'g1',
    });
    expect(await ask('')).toMatchObject({ query: '' });
  });

  it('asks the store once for what may be kept, and never for what is posted', async () => {
    let reads = 0;
    const read = async () => {
      reads += 1;
      return 'g2';
    };
    expect(await ask('q=a', { read })).toMatchObject({ generation: 'g2' });
    expect(reads).toBe(1);
    const posted = await ask('b=1&a=2', { method: 'POST', read });
    expect(posted).toEqual({ query: 'b=1&a=2', generation: undefined });
    expect(reads).toBe(1);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('it is down'))],
    ['has nothing', async () => ''],
  ])('says that nobody knows the generation where the store %s', async (_, read) => {
    expect(await ask('q=a', { read })).toEqual({ query: 'q=a', generation: unknownGeneration });
  });

  it('keeps to the language that CloudFront runs', async () => {
    for (const name of ['search', 'answer']) {
      const code = await readFile(file(name), 'utf8');
      expect(code.length).toBeLessThan(10_240);
      // What its second runtime documents; not these.
      expect(code).not.toMatch(
        /\bfor \(.* of |\?\.|\?\?|\bclass |\.\.\.|setTimeout|process\.|require\(/,
      );
      expect(code.match(/^import .*/gm) ?? []).toEqual(
        name === 'search' ? ["import cf from 'cloudfront';"] : [],
      );
    }
  });
});

describe('the store of the generation', () => {
  it('is read by the one function, and begins with a generation', () => {
    const functions = template.findResources('AWS::CloudFront::Function');
    const readers = Object.values(functions).filter(
      ({ Properties }) => Properties.FunctionConfig.KeyValueStoreAssociations !== undefined,
    );
    expect(readers).toHaveLength(1);
    template.hasResourceProperties('AWS::CloudFront::KeyValueStore', {
      ImportSource: { SourceType: 'S3' },
    });
  });

  it('is written by who may, and nothing else of CloudFront', () => {
    const policies = Object.values(template.findResources('AWS::IAM::Policy'));
    const [store] = Object.keys(template.findResources('AWS::CloudFront::KeyValueStore'));
    expect(policies.map(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      [
        {
          Action: [
            'cloudfront-keyvaluestore:DescribeKeyValueStore',
            'cloudfront-keyvaluestore:PutKey',
          ],
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': [store, 'Arn'] },
        },
      ],
    ]);
  });
});
