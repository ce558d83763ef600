import { fileURLToPath } from 'node:url';
import type {
  ModelManifest,
  Padding,
  PixelRecipe,
  Pooling,
  ReducedPrecision,
} from './model-directory.ts';

/** A number that was published, not measured here. */
export interface PublishedQuality {
  /** Share of captions whose own picture is the first result. */
  readonly recallAt1: number;
  readonly task: string;
  /** Where it is published. */
  readonly source: string;
}

/** Where a model's files are on the hub; paths are inside the repository, as they will be on disk. */
export interface HubSource {
  readonly repository: string;
  /** A commit; or a branch, whose commit the lock file then records on the first pull. */
  readonly revision: string;
  readonly files: { readonly text: string; readonly image: string; readonly tokenizer: string };
  /**
   * Weights that a graph loads from files beside it, where they are not named after the graph
   * (`model.onnx_data` and the like are found without). Only folders of the graphs are searched.
   */
  readonly weights?: RegExp;
  readonly variants?: {
    readonly [precision in ReducedPrecision]?: {
      readonly text?: string;
      readonly image?: string;
    };
  };
}

/** One model that can be named: all that is needed to pull it and to run it. */
export interface RegisteredModel {
  /** As `CLIP_MODEL_NAME/CLIP_PRETRAINED`, in OpenCLIP's words. */
  readonly id: string;
  readonly dimensions: ModelManifest['dimensions'];
  readonly contextLength: ModelManifest['contextLength'];
  readonly pixels: PixelRecipe;
  /** Texts must be lowered for it, as its tokenizer does not. */
  readonly lowercase?: boolean;
  readonly padding: Padding;
  readonly pooling: Pooling;
  readonly licence: string;
  /** Where a person reads about the weights. */
  readonly source: string;
  readonly quality: PublishedQuality;
  readonly from: HubSource | { readonly directory: string };
}

const clipPixels = {
  size: 224,
  fit: 'crop',
  kernel: 'cubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const satisfies PixelRecipe;

/**
 * The end of a text is found by the largest id or by the first end token, so padding must be
 * neither: 0 is safe for both, CLIP's own padding (a second end token) only as long as the first
 * one wins.
 */
const clipPadding = { id: 0, rule: 'ignored' } as const satisfies Padding;
const clipPooling = { text: 'end', image: 'first' } as const satisfies Pooling;

const openClipResults =
  'https://github.com/mlfoundations/open_clip/blob/main/docs/openclip_retrieval_results.csv';
const coco = 'text to picture, MS COCO 5k';

const vitH14: RegisteredModel = {
  id: 'ViT-H-14/laion2b_s32b_b79k',
  dimensions: 1024,
  contextLength: 77,
  pixels: clipPixels,
  padding: clipPadding,
  pooling: clipPooling,
  licence: 'MIT',
  source: 'https://huggingface.co/laion/CLIP-ViT-H-14-laion2B-s32B-b79K',
  quality: { recallAt1: 0.4948, task: coco, source: openClipResults },
  from: {
    repository: 'immich-app/ViT-H-14__laion2b-s32b-b79k',
    revision: 'main',
    files: {
      text: 'textual/model.onnx',
      image: 'visual/model.onnx',
      tokenizer: 'textual/tokenizer.json',
    },
    // A file per tensor, named after the tensor; beside them settings and other runtimes' graphs.
    weights: /^(textual|visual)\/(?!\.)(?!.*\.(json|txt|md|onnx|armnn|rknn)$)/,
  },
};

const vitB32: RegisteredModel = {
  id: 'ViT-B-32/openai',
  dimensions: 512,
  contextLength: 77,
  pixels: clipPixels,
  padding: clipPadding,
  pooling: clipPooling,
  licence: 'MIT',
  source: 'https://huggingface.co/openai/clip-vit-base-patch32',
  quality: { recallAt1: 0.3044, task: coco, source: openClipResults },
  from: {
    repository: 'Xenova/clip-vit-base-patch32',
    revision: 'd15189d7028b43f1d3e65039190477f6af591c2a',
    files: {
      text: 'onnx/text_model.onnx',
      image: 'onnx/vision_model.onnx',
      tokenizer: 'tokenizer.json',
    },
    variants: {
      fp16: { text: 'onnx/text_model_fp16.onnx', image: 'onnx/vision_model_fp16.onnx' },
      int8: { text: 'onnx/text_model_quantized.onnx', image: 'onnx/vision_model_quantized.onnx' },
    },
  },
};

/**
 * Its graphs have a pooled output, so the pooling is never used. There is no int8: the vectors of
 * the quantised files in that repository are too far from those of the full ones (pictures at a
 * cosine of about .8).
 */
const siglip2B16: RegisteredModel = {
  id: 'ViT-B-16-SigLIP2-256/webli',
  dimensions: 768,
  contextLength: 64,
  pixels: {
    size: 256,
    fit: 'squash',
    kernel: 'linear',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
  lowercase: true,
  padding: { id: 0, rule: 'read' },
  pooling: { text: 'last', image: 'mean' },
  licence: 'Apache-2.0',
  source: 'https://huggingface.co/google/siglip2-base-patch16-256',
  quality: { recallAt1: 0.532, task: coco, source: 'https://arxiv.org/abs/2502.14786' },
  from: {
    repository: 'onnx-community/siglip2-base-patch16-256-ONNX',
    revision: 'd1114256522a37ffa257a0a58017348ab0058db2',
    files: {
      text: 'onnx/text_model.onnx',
      image: 'onnx/vision_model.onnx',
      tokenizer: 'tokenizer.json',
    },
    variants: {
      fp16: { text: 'onnx/text_model_fp16.onnx', image: 'onnx/vision_model_fp16.onnx' },
    },
  },
};

/** The only one whose picture recipe and licence stand elsewhere too: in its own `model.json`. */
const demo: RegisteredModel = {
  id: 'demo',
  dimensions: 256,
  contextLength: 64,
  pixels: {
    size: 64,
    fit: 'crop',
    kernel: 'cubic',
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
  padding: { id: 0, rule: 'masked' },
  pooling: clipPooling,
  licence: 'MIT',
  source: 'models/demo/README.md',
  quality: {
    recallAt1: 0.5975,
    task: 'name to pictogram, a style it never saw',
    source: 'models/demo/quality.json',
  },
  from: { directory: fileURLToPath(new URL('../models/demo', import.meta.url)) },
};

/** Adding a model is one more entry here, and nothing else. */
export const registeredModels: readonly RegisteredModel[] = [demo, vitB32, siglip2B16, vitH14];
