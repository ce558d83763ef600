/** A function that is deployed as files without this project's own sources. */
export interface BundleTarget {
  /** From the root of the project. Its `handler` is `lambda.handler` of the bundle. */
  readonly entry: string;
  /** Packages with native files: they come as they are, in a `node_modules` beside the bundle. */
  readonly native: readonly string[];
  /** Of what is loaded at every start; more slows it down, and does not belong there. */
  readonly maxStartBytes?: number;
  /** Folders of `models/` that are read while it runs. */
  readonly models: readonly string[];
}

export const bundleTargets: Readonly<Record<string, BundleTarget>> = {
  edge: { entry: 'edge/lambda/main.ts', native: [], maxStartBytes: 1_000_000, models: [] },
  'index-images': {
    entry: 'functions/index-images/main.ts',
    native: ['onnxruntime-node', 'sharp'],
    models: ['spaces'],
  },
  reconcile: { entry: 'functions/reconcile/main.ts', native: [], models: [] },
  snapshot: { entry: 'functions/snapshot/main.ts', native: [], models: [] },
  'publish-generation': { entry: 'functions/publish-generation/main.ts', native: [], models: [] },
  benchmark: { entry: 'functions/benchmark/main.ts', native: [], models: [] },
};
