import { assert, array, integer, property, uint8Array } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failure } from '../core/failure.ts';
import { err, ok } from '../core/result.ts';
import { expectFailure, expectOk } from '../test/support/expect-ok.ts';
import { createFormFileReader, type FieldsCheck } from './form-file.ts';

const boundary = '----x';
const file = Buffer.from('a file\r\n--of-bytes');

function part(headers: string, value: string | Uint8Array) {
  return Buffer.concat([
    Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
}

const field = (name: string, value: string) =>
  part(`Content-Disposition: form-data; name="${name}"`, value);
const filePart = (bytes: Uint8Array = file) =>
  part('Content-Disposition: form-data; name="file"; filename="dog.jpg"', bytes);
const end = Buffer.from(`--${boundary}--\r\n`);

function read(
  chunks: readonly Uint8Array[],
  check: FieldsCheck = () => ok({ bytes: file.length }),
) {
  const reader = createFormFileReader(boundary, check);
  for (const chunk of chunks) {
    const failed = reader.add(chunk);
    if (failed) return err(failed);
  }
  return reader.end();
}

function codeAndDetail(...parts: readonly Uint8Array[]) {
  const { code, detail } = expectFailure(read([Buffer.concat(parts)]));
  return `${code}: ${detail}`;
}

describe('a form with a file', () => {
  it('is its fields and the bytes of its file', () => {
    const form = expectOk(
      read([Buffer.concat([field('key', 'a/b é.jpg'), field('Empty', ''), filePart(), end])]),
    );
    expect(form.fields).toEqual({ key: 'a/b é.jpg', Empty: '' });
    expect(Buffer.from(form.file)).toEqual(file);
  });

  it('is the same however it comes in pieces, and whatever the bytes', () => {
    const bytes = uint8Array({ minLength: 1, maxLength: 200 });
    assert(
      property(bytes, array(integer({ min: 1, max: 60 }), { minLength: 1 }), (content, sizes) => {
        const body = Buffer.concat([field('key', 'k'), field('more', 'm'), filePart(content), end]);
        const chunks: Uint8Array[] = [];
        for (let at = 0, n = 0; at < body.length; n += 1) {
          const size = sizes[n % sizes.length] ?? 1;
          chunks.push(body.subarray(at, at + size));
          at += size;
        }
        const form = expectOk(read(chunks, () => ok({ bytes: content.length })));
        expect(form.fields).toEqual({ key: 'k', more: 'm' });
        expect(Buffer.from(form.file)).toEqual(Buffer.from(content));
      }),
    );
  });

  it('may have its boundary in its file, which has the length that it has', () => {
    const content = Buffer.concat([file, Buffer.from('\r\n'), end]);
    const form = expectOk(
      read([Buffer.concat([filePart(content), end])], () => ok({ bytes: content.length })),
    );
    expect(Buffer.from(form.file)).toEqual(content);
  });

  it('may go on after its file, as in S3', () => {
    const form = expectOk(read([Buffer.concat([filePart(), field('late', 'x'), end])]));
    expect(form.fields).toEqual({});
  });

  it('takes names as clients write them', () => {
    const parts = [
      part('content-type: text/plain\r\ncontent-disposition: form-data;name=key', 'k'),
      part('Content-Disposition: form-data; name="__proto__"', 'p'),
      part('Content-Disposition: form-data; filename="name=x"; name="file"', file),
      end,
    ];
    const { fields } = expectOk(read([Buffer.concat(parts)]));
    expect(Object.entries(fields)).toEqual([
      ['key', 'k'],
      ['__proto__', 'p'],
    ]);
  });

  it.each([
    ['nothing', [], 'no file'],
    ['no form', [Buffer.from('{"key": "a"}')], 'not a form'],
    ['another boundary', [Buffer.from('--y\r\n'), filePart()], 'not a form'],
    ['no file', [field('key', 'k'), end], 'not a form'],
    ['no name', [part('Content-Disposition: form-data', 'x'), end], 'not a form'],
    ['no disposition', [part('X-Name: form-data; name="file"', 'x'), end], 'not a form'],
    ['a field twice', [field('key', 'a'), field('key', 'b'), filePart(), end], 'twice'],
    ['no end', [field('key', 'a')], 'no file'],
    ['a file cut short', [filePart().subarray(0, -10)], 'as long as was agreed'],
    ['a byte less', [filePart(file.subarray(1)), end], 'as long as was agreed'],
    ['a byte more', [filePart(Buffer.concat([file, file])), end], 'as long as was agreed'],
  ])('is refused with %s', (_, parts, why) => {
    expect(codeAndDetail(...parts)).toMatch(new RegExp(`^upload_refused: .*${why}`));
  });

  it('is refused by its fields before its file is read', () => {
    const seen: unknown[] = [];
    const refusal = failure('upload_refused', 'Not this one');
    const reader = createFormFileReader(boundary, (fields) => {
      seen.push(fields);
      return err(refusal);
    });
    expect(reader.add(field('key', 'k'))).toBeUndefined();
    expect(reader.add(filePart().subarray(0, 80))).toBe(refusal);
    expect(seen).toEqual([{ key: 'k' }]);
  });

  it('has only so much before its file, and after it', () => {
    const reader = createFormFileReader(boundary, () => ok({ bytes: 1 }));
    expect(reader.add(field('a', 'x'.repeat(30_000)))).toBeUndefined();
    expect(reader.add(field('b', 'x'.repeat(5000)))?.code).toBe('body_too_large');
    const endless = createFormFileReader(boundary, () => ok({ bytes: file.length }));
    expect(endless.add(Buffer.concat([filePart(), end]))).toBeUndefined();
    expect(endless.add(Buffer.alloc(40_000))?.code).toBe('body_too_large');
  });
});
