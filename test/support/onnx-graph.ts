/** The few parts of ONNX's protobuf that a graph of some nodes needs: tests build what they run. */

const elementTypes = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

export interface GraphValue {
  readonly name: string;
  readonly type: keyof typeof elementTypes;
  /** A string stands for a size that varies. */
  readonly shape: readonly (number | string)[];
}

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly integers?: Readonly<Record<string, number>>;
  readonly lists?: Readonly<Record<string, readonly number[]>>;
}

export interface GraphConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int8Array | BigInt64Array;
}

/** The bytes of an ONNX file. */
export function onnxFile(graph: {
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly constants?: readonly GraphConstant[];
}): Buffer {
  return Buffer.concat([
    integer(1, 9),
    message(7, [
      ...graph.nodes.map((one) => message(1, nodeFields(one))),
      text(2, 'graph'),
      ...(graph.constants ?? []).map((one) => message(5, constantFields(one))),
      ...graph.inputs.map((one) => message(11, valueFields(one))),
      ...graph.outputs.map((one) => message(12, valueFields(one))),
    ]),
    message(8, [text(1, ''), integer(2, 17)]),
  ]);
}

function nodeFields({ op, inputs, output, integers = {}, lists = {} }: GraphNode): Buffer[] {
  const attributes = [
    ...Object.entries(integers).map(([name, value]) =>
      message(5, [text(1, name), integer(3, value), integer(20, 2)]),
    ),
    ...Object.entries(lists).map(([name, values]) =>
      message(5, [text(1, name), ...values.map((one) => integer(8, one)), integer(20, 7)]),
    ),
  ];
  return [...inputs.map((name) => text(1, name)), text(2, output), text(4, op), ...attributes];
}

function constantFields({ name, shape, data }: GraphConstant): Buffer[] {
  const type = elementTypes[elementTypeOf(data)];
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [...shape.map((size) => integer(1, size)), integer(2, type), text(8, name), bytes(9, raw)];
}

function elementTypeOf(data: GraphConstant['data']): keyof typeof elementTypes {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int8Array ? 'int8' : 'int64';
}

function valueFields({ name, type, shape }: GraphValue): Buffer[] {
  const sizes = shape.map((size) =>
    message(1, [typeof size === 'number' ? integer(1, size) : text(2, size)]),
  );
  const tensor = message(1, [integer(1, elementTypes[type]), message(2, sizes)]);
  return [text(1, name), message(2, [tensor])];
}

function varint(value: number): Buffer {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) {
    groups.push(rest % 128);
  }
  return Buffer.from(
    groups.map((group, index) => (index < groups.length - 1 ? group | 128 : group)),
  );
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function message(field: number, parts: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(parts));
}
