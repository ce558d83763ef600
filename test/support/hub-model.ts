import type { RegisteredModel } from '../../adapters/model-registry.ts';
import { type ModelServer, createModelServer } from './model-server.ts';
import { logOfColour, smallTokenizer, sumOfTokens } from './small-model.ts';

/** A model as a person would add it: one entry. */
export const hubModel = {
  id: 'Small/test',
  dimensions: 3,
  contextLength: 8,
  pixels: {
    size: 8,
    fit: 'crop',
    kernel: 'cubic',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
  padding: { id: 0, rule: 'masked' },
  pooling: { text: 'end', image: 'first' },
  licence: 'MIT',
  source: 'a test',
  quality: { recallAt1: 0.5, task: 'a test', source: 'a test' },
  from: {
    repository: 'someone/small',
    revision: 'main',
    files: { text: 'textual/text.onnx', image: 'visual/image.onnx', tokenizer: 'tokenizer.json' },
    weights: /^visual\/layer\d+$/,
    variants: { fp16: { text: 'textual/text_fp16.onnx', image: 'visual/image_fp16.onnx' } },
  },
} as const satisfies RegisteredModel;

export const hubCommit = '0123456789abcdef0123456789abcdef01234567';

/** Its repository, with all that repositories have besides. */
export function createHub(commit = hubCommit): Promise<ModelServer> {
  return createModelServer({
    repository: hubModel.from.repository,
    commit,
    files: {
      'README.md': Buffer.from('# A model'),
      'config.json': Buffer.from('{}'),
      'tokenizer.json': Buffer.from(JSON.stringify(smallTokenizer)),
      'textual/text.onnx': sumOfTokens(),
      'textual/text.onnx_data': Buffer.alloc(5000, 'weights'),
      'textual/text_fp16.onnx': sumOfTokens({ output: 'half' }),
      'textual/text_fp16.onnx_data': Buffer.alloc(2500, 'half'),
      'textual/text_q4.onnx': Buffer.from('another'),
      'visual/image.onnx': logOfColour(),
      'visual/image_fp16.onnx': logOfColour(1),
      'visual/layer1': Buffer.alloc(700, 'a'),
      'visual/layer2': Buffer.alloc(701, 'b'),
      'visual/model.armnn': Buffer.from('another'),
      'visual/deeper/layer3': Buffer.from('another'),
    },
  });
}

/** What a pull without further precisions brings. */
export const basicFiles = [
  'textual/text.onnx',
  'textual/text.onnx_data',
  'tokenizer.json',
  'visual/image.onnx',
  'visual/layer1',
  'visual/layer2',
] as const;
