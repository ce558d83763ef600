import { constants, crc32, deflateRawSync } from 'node:zlib';

const signature = Buffer.from('89504e470d0a1a0a', 'hex');

/** A PNG of these chunks, from the header to the end. */
export function pngOfChunks(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([signature, ...chunks, pngChunk('IEND')]);
}

export function pngChunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** 8 bits of grey, or of red, green and blue. */
export function pngHeader(width: number, height: number, colour: 'grey' | 'rgb' = 'grey'): Buffer {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, colour === 'grey' ? 0 : 2, 0, 0, 0]);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  return pngChunk('IHDR', data);
}

const piece = 10_000_000;

/** So many zeros, compressed to a thousandth, without ever having them. */
export function deflatedZeros(bytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(piece), { finishFlush: constants.Z_FULL_FLUSH });
  const blocks = Array.from({ length: Math.floor(bytes / piece) }, () => block);
  const rest = deflateRawSync(Buffer.alloc(bytes % piece));
  const sum = Buffer.alloc(4);
  // Adler-32 of zeros alone.
  sum.writeUInt16BE(bytes % 65_521, 0);
  sum.writeUInt16BE(1, 2);
  return Buffer.concat([Buffer.from([0x78, 0x9c]), ...blocks, rest, sum]);
}
