import { err, ok, type Result } from '../core/result.ts';

/** How to read one colour channel: `((stored >>> shift) & mask) * scale` is 0 to 255. */
export interface ChannelReader {
  readonly shift: number;
  readonly mask: number;
  readonly scale: number;
}

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** The first stored row is the top one, not the bottom one. */
  readonly topDown: boolean;
  readonly bits: number;
  readonly runLengths: boolean;
  /** Where the pixels begin. */
  readonly offset: number;
  /** Bytes a stored row takes, padding included. */
  readonly stride: number;
  /** Colours as 0xRRGGBB; `undefined` when pixels hold their own colour. */
  readonly palette: readonly number[] | undefined;
  /** Red, green, blue and, where there is one, alpha. */
  readonly channels: readonly ChannelReader[];
}

const compressions = { none: 0, runLengths8: 1, runLengths4: 2, bitFields: 3, alphaFields: 6 };

/** @returns An error says what is wrong with the header, to stand behind "as". */
export function readBmpHeader(bytes: Uint8Array): Result<BmpHeader, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = bytes.length < 26 ? 0 : view.getUint32(14, true);
  if (headerSize < 12 || bytes.length < 14 + headerSize) return err('its header ends too early');
  const old = headerSize === 12;
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? compressions.none : view.getUint32(30, true);
  if (width < 1 || height < 1) return err('its header gives no size');
  if (!isKnown(compression, bits)) return err('its header names an unknown encoding');
  const offset = view.getUint32(10, true);
  if (offset < 14 + headerSize || offset > bytes.length) return err('its header points nowhere');
  return ok({
    width,
    height,
    topDown: signedHeight < 0,
    bits,
    runLengths:
      compression === compressions.runLengths8 || compression === compressions.runLengths4,
    offset,
    stride: Math.ceil((width * bits) / 32) * 4,
    palette: bits > 8 ? undefined : readPalette(view, headerSize, offset, 2 ** bits),
    channels: readChannels(view, headerSize, bits, compression),
  });
}

function isKnown(compression: number, bits: number): boolean {
  if (compression === compressions.runLengths8) return bits === 8;
  if (compression === compressions.runLengths4) return bits === 4;
  const fields = compression === compressions.bitFields || compression === compressions.alphaFields;
  if (fields) return bits === 16 || bits === 32;
  return compression === compressions.none && [1, 2, 4, 8, 16, 24, 32].includes(bits);
}

/** As many colours as there is room for before the pixels: the header's own count is often 0. */
function readPalette(view: DataView, headerSize: number, offset: number, most: number): number[] {
  const size = headerSize === 12 ? 3 : 4;
  const start = 14 + headerSize;
  const count = Math.min(most, Math.floor((offset - start) / size));
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * size;
    return view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  });
}

function readChannels(
  view: DataView,
  headerSize: number,
  bits: number,
  compression: number,
): ChannelReader[] {
  const fields = compression === compressions.bitFields || compression === compressions.alphaFields;
  if (!fields || view.byteLength < 70) {
    return (bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]).map(createReader);
  }
  const masks = [54, 58, 62].map((at) => view.getUint32(at, true));
  const hasAlpha = headerSize >= 56 || compression === compressions.alphaFields;
  const alpha = hasAlpha ? view.getUint32(66, true) : 0;
  return (alpha === 0 ? masks : [...masks, alpha]).map(createReader);
}

function createReader(mask: number): ChannelReader {
  if (mask === 0) return { shift: 0, mask: 0, scale: 0 };
  const lowest = 31 - Math.clz32(mask & -mask);
  const bits = 32 - Math.clz32(mask >>> lowest);
  // Of channels finer than 8 bits, the upper 8.
  const kept = Math.min(bits, 8);
  const largest = 2 ** kept - 1;
  return { shift: lowest + bits - kept, mask: largest, scale: 255 / largest };
}
