import { type Failure, failure } from '../core/failure.ts';

/**
 * Several files in one body: each after its length, 4 bytes, little-endian.
 *
 * Measured against multipart/form-data, 32 pictures of 3 MB, both ends in Node 24 on 2 cores: about
 * the same time or less (300 to 560 ms against 300 to 710), half the memory on the server (175 MB on
 * top against 430) and on the client (220 MB against 390). A form's parser needs the whole body at
 * once, and then copies every file out of it; here each picture is filled in as it arrives, and the
 * client sends the bytes it has without a copy. A page of another site can't send it unasked, which
 * it can a form.
 */
export const framesType = 'application/octet-stream';

const prefixBytes = 4;

/** The body as it is sent: the pictures themselves, without a copy. */
export async function* writeFrames(images: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const image of images) {
    const prefix = new Uint8Array(prefixBytes);
    new DataView(prefix.buffer).setUint32(0, image.length, true);
    yield prefix;
    if (image.length > 0) yield image;
  }
}

export interface FrameReader {
  /** Takes the next bytes of the body. Fails with `invalid_field` and `body_too_large`. */
  add(chunk: Uint8Array): Failure | undefined;
  /** Says that the body has ended. Fails with `invalid_field` when it ended within a picture. */
  end(): Failure | undefined;
  /** Those that are complete, in order. */
  readonly images: readonly Uint8Array[];
}

export interface FrameLimits {
  readonly images: number;
  /** Of one picture; the body as a whole is bounded by whoever reads it. */
  readonly bytes: number;
}

export function createFrameReader(limits: FrameLimits): FrameReader {
  const images: Uint8Array[] = [];
  const prefix = new DataView(new ArrayBuffer(prefixBytes));
  const prefixSlot = new Uint8Array(prefix.buffer);
  let slot = prefixSlot;
  let filled = 0;

  function finishSlot(): Failure | undefined {
    filled = 0;
    if (slot !== prefixSlot) {
      images.push(slot);
      slot = prefixSlot;
      return undefined;
    }
    const length = prefix.getUint32(0, true);
    const refused = refuse(length, images.length, limits);
    if (refused) return refused;
    if (length === 0) images.push(new Uint8Array());
    else slot = new Uint8Array(length);
    return undefined;
  }

  return {
    images,
    add(chunk) {
      for (let at = 0; at < chunk.length;) {
        const part = chunk.subarray(at, at + slot.length - filled);
        slot.set(part, filled);
        filled += part.length;
        at += part.length;
        const failed = filled === slot.length ? finishSlot() : undefined;
        if (failed) return failed;
      }
      return undefined;
    },
    end() {
      if (slot === prefixSlot && filled === 0) return undefined;
      return wrong(`must not end within a picture: in number ${images.length + 1}`);
    },
  };
}

function refuse(length: number, count: number, limits: FrameLimits): Failure | undefined {
  if (count === limits.images) return wrong(`must have at most ${limits.images} pictures`);
  // Before it is allocated: anyone can claim 4 GB.
  if (length <= limits.bytes) return undefined;
  const detail = `Cannot read the body as a picture in it has more than ${limits.bytes} bytes: ${length}`;
  return failure('body_too_large', detail);
}

function wrong(message: string): Failure {
  const errors = [{ path: 'body', message }];
  return failure('invalid_field', `Cannot answer as a field is not valid: body ${message}`, {
    errors,
  });
}
