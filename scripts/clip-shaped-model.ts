import { type GraphConstant, type GraphNode, onnxFile } from '../test/support/onnx-graph.ts';
import { seededRandom } from '../test/support/random.ts';
import { sumOfTokens, writeSmallModel } from '../test/support/small-model.ts';

const side = 224;
const patch = 32;
const patches = (side / patch) ** 2;
const tokens = patches + 1;
const width = 768;
const heads = 12;
const layers = 12;
const dimensions = 512;

/**
 * Writes a model directory whose image tower does all that ViT-B/32 does with a picture, with weights
 * of chance: for timings alone. All layers have the same weights, which makes it small, and no faster.
 * Its texts are those of the tests.
 */
export async function writeClipShapedModel(directory: string): Promise<void> {
  await writeSmallModel(directory, {
    image: imageTower(),
    text: sumOfTokens({ dimensions }),
    manifest: {
      id: 'shape of ViT-B-32',
      dimensions,
      pixels: { size: side, mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28] },
    },
  });
}

type Add = (
  op: string,
  inputs: readonly string[],
  more?: Pick<GraphNode, 'integers' | 'lists'>,
) => string;

function imageTower(): Buffer {
  const nodes: GraphNode[] = [];
  const add: Add = (op, inputs, more = {}) => {
    const output = `v${nodes.length}`;
    nodes.push({ op, inputs, output, ...more });
    return output;
  };
  let x = normalize(add, add('Add', [cutIntoPatches(add), 'places']));
  for (let layer = 0; layer < layers; layer += 1) {
    x = add('Add', [x, attend(add, normalize(add, x))]);
    x = add('Add', [x, think(add, normalize(add, x))]);
  }
  const first = normalize(add, add('Gather', [x, 'first'], { integers: { axis: 1 } }));
  nodes.push({ op: 'MatMul', inputs: [first, 'project'], output: 'embeds' });
  return onnxFile({
    inputs: [{ name: 'pixels', type: 'float32', shape: ['batch', 3, side, side] }],
    outputs: [{ name: 'embeds', type: 'float32', shape: ['batch', dimensions] }],
    nodes,
    constants: constants(),
  });
}

/** In the place of the class token, which is the same for all pictures, is the mean of the patches. */
function cutIntoPatches(add: Add): string {
  const cut = add('SpaceToDepth', ['pixels'], { integers: { blocksize: patch } });
  const rows = add('Transpose', [add('Reshape', [cut, 'rows'])], { lists: { perm: [0, 2, 1] } });
  const seen = add('MatMul', [rows, 'patches']);
  const whole = add('ReduceMean', [seen], { lists: { axes: [1] } });
  return add('Concat', [whole, seen], { integers: { axis: 1 } });
}

function attend(add: Add, x: string): string {
  const split = (name: string, perm: readonly number[]) =>
    add('Transpose', [add('Reshape', [linear(add, x, name), 'split'])], { lists: { perm } });
  const scores = add('MatMul', [split('q', [0, 2, 1, 3]), split('k', [0, 2, 3, 1])]);
  const weights = add('Softmax', [add('Mul', [scores, 'scale'])]);
  const mixed = add('MatMul', [weights, split('v', [0, 2, 1, 3])]);
  const joined = add('Transpose', [mixed], { lists: { perm: [0, 2, 1, 3] } });
  return linear(add, add('Reshape', [joined, 'join']), 'out');
}

function think(add: Add, x: string): string {
  const wide = linear(add, x, 'up');
  const gate = add('Sigmoid', [add('Mul', [wide, 'quick'])]);
  return linear(add, add('Mul', [wide, gate]), 'down');
}

function linear(add: Add, x: string, name: string): string {
  return add('Add', [add('MatMul', [x, name]), `${name}.bias`]);
}

function normalize(add: Add, x: string): string {
  return add('LayerNormalization', [x, 'norm', 'norm.bias']);
}

function constants(): GraphConstant[] {
  const random = seededRandom(1);
  const weights = (name: string, ...shape: readonly number[]): GraphConstant => {
    const length = shape.reduce((product, size) => product * size, 1);
    return { name, shape, data: Float32Array.from({ length }, () => (random() - 0.5) / 16) };
  };
  const biased = (name: string, from: number, to: number) => [
    weights(name, from, to),
    weights(`${name}.bias`, to),
  ];
  const integers = (name: string, values: readonly number[]): GraphConstant => ({
    name,
    shape: [values.length],
    data: BigInt64Array.from(values, BigInt),
  });
  return [
    weights('patches', 3 * patch * patch, width),
    weights('places', tokens, width),
    ...['q', 'k', 'v', 'out'].flatMap((name) => biased(name, width, width)),
    ...biased('up', width, 4 * width),
    ...biased('down', 4 * width, width),
    weights('project', width, dimensions),
    { name: 'norm', shape: [width], data: new Float32Array(width).fill(1) },
    { name: 'norm.bias', shape: [width], data: new Float32Array(width) },
    { name: 'scale', shape: [1], data: Float32Array.of(Math.sqrt(heads / width)) },
    { name: 'quick', shape: [1], data: Float32Array.of(1.702) },
    integers('rows', [0, 3 * patch * patch, patches]),
    integers('split', [0, tokens, heads, width / heads]),
    integers('join', [0, tokens, width]),
    { name: 'first', shape: [], data: BigInt64Array.of(0n) },
  ];
}
