import { createHash, createHmac } from 'node:crypto';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import { signedHeaders } from './aws-signature.ts';

/** The hashes that the SDK's signer asks for, with `new`. */
function Sha256(secret?: SourceData) {
  const hash = secret ? createHmac('sha256', bytesOf(secret)) : createHash('sha256');
  return {
    update: (data: SourceData) => void hash.update(bytesOf(data)),
    digest: async () => hash.digest(),
    reset: () => undefined,
  };
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

function bytesOf(data: SourceData): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}

const signer = {
  service: 'secretsmanager',
  region: 'eu-central-1',
  date: new Date('2026-11-22T16:00:05.123Z'),
};
const headers = {
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'secretsmanager.GetSecretValue',
};

describe('a signed request', () => {
  it.each([
    ['of a role', 'https://secretsmanager.eu-central-1.amazonaws.com/', 'a token/of+a=role'],
    ['of a user', 'https://secretsmanager.eu-central-1.amazonaws.com/', undefined],
    ['to another place', 'http://localhost:4566/secrets', undefined],
  ])('%s has the signature that the SDK gives it', async (_, address, sessionToken) => {
    const url = new URL(address);
    const body = JSON.stringify({ SecretId: 'picture-search/prod/ünïcode' });
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalr/+K7', sessionToken };
    const ours = signedHeaders({ url, headers, body }, { ...signer, credentials });
    const { host, pathname: path, protocol } = url;
    const theirs = await new SignatureV4({
      service: signer.service,
      region: signer.region,
      credentials: { ...credentials, ...(sessionToken && { sessionToken }) },
      sha256: Sha256 as unknown as Extract<SignatureV4Init['sha256'], { new (): unknown }>,
      applyChecksum: false,
    }).sign(
      { method: 'POST', hostname: host, path, protocol, headers: { ...headers, host }, body },
      { signingDate: signer.date },
    );
    expect(ours['authorization']).toBe(theirs.headers['authorization']);
    expect(ours['x-amz-date']).toBe('20261122T160005Z');
    expect(ours['x-amz-security-token']).toBe(sessionToken);
  });
});
