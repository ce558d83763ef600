import * as z from 'zod';

/** The environment of everything that may pull a model. */
export const ModelSettings = z.object({
  /** The hub, or a mirror of it. */
  HF_ENDPOINT: z.url({ protocol: /^https?$/ }).default('https://huggingface.co'),
  /** For repositories that ask who reads them; sent to that hub alone. */
  HF_TOKEN: z.string().optional(),
  /** Pulled models are in `models` below it. */
  DATA_DIR: z.string().default('.data'),
  /** Commits and hashes of every model that was ever pulled. */
  MODELS_LOCK: z.string().default('models/lock.json'),
});
export type ModelSettings = z.infer<typeof ModelSettings>;
