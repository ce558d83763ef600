import * as z from 'zod';
import { imageLimits } from './image-limits.ts';

/** The formats that can be indexed, and how their files are called. */
export const uploadTypes = {
  'image/jpeg': /\.jpe?g$/i,
  'image/png': /\.png$/i,
  'image/webp': /\.webp$/i,
  'image/bmp': /\.bmp$/i,
  'image/tiff': /\.tiff?$/i,
  'image/gif': /\.gif$/i,
  'image/avif': /\.avif$/i,
} as const satisfies Readonly<Record<string, RegExp>>;

export const UploadType = z.enum(
  Object.keys(uploadTypes) as [keyof typeof uploadTypes, ...(keyof typeof uploadTypes)[]],
);
export type UploadType = z.infer<typeof UploadType>;

/**
 * Control characters, separators of paths and lines, and what turns the direction of a text, so that
 * a name could look like another. In a form that a regular expression needs no flags for.
 */
const unsafe = '\\x00-\\x1f\\x7f-\\x9f/\\\\\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069';

const safe = 'without slashes, control characters and those that turn the direction of a text';

const FileName = z
  .string()
  .min(1, { error: 'must not be empty', abort: true })
  .max(255)
  .regex(new RegExp(`^[^${unsafe}]+$`), `must be a name ${safe}`)
  .refine((name) => name.isWellFormed(), 'must be valid Unicode');

/** The first folder of a key, which pictures of a bucket have their category from. */
const Category = z
  .string()
  .min(1, { error: 'must not be empty', abort: true })
  .max(64)
  .regex(
    new RegExp(`^[^.\\s${unsafe}](?:[^${unsafe}]*[^\\s${unsafe}])?$`),
    `must be a word or more ${safe}, beginning neither with a dot nor a space, and not ending with a space`,
  )
  .refine((name) => name.isWellFormed(), 'must be valid Unicode')
  .refine(
    (name) => !name.includes('${filename}'),
    'must not have ${filename} in it: S3 replaces it',
  );

/** The body of `POST /uploads`: the file that somebody wants to upload. */
export const UploadRequest = z.strictObject({
  /** Its name where it comes from; the key has as much of it as is safe. */
  file_name: FileName,
  content_type: UploadType,
  /** Its bytes, exactly. */
  size: z.int().min(1).max(imageLimits.bytes),
  /** The folder that it goes into; null for none. */
  category: Category.nullable().default(null),
});
export type UploadRequest = z.infer<typeof UploadRequest>;

/** The answer: a form that puts this one file there, once its fields and then the file are posted. */
export const Upload = z.object({
  /** The id that the picture will have. */
  id: z.string(),
  key: z.string(),
  /** Absolute, or a path on this host. */
  url: z.string(),
  method: z.literal('POST'),
  /** In this order before the file, which is the field `file`. */
  fields: z.record(z.string(), z.string()),
  /** ISO 8601, UTC. */
  expires_at: z.string(),
});
export type Upload = z.infer<typeof Upload>;

/** The answer of `DELETE /images/{id}`. */
export const Removal = z.object({ id: z.string() });
export type Removal = z.infer<typeof Removal>;

/** The answer of `GET /uploads`: whether pictures can be uploaded here, and which. */
export const UploadsInfo = z.object({
  enabled: z.boolean(),
  max_bytes: z.int(),
  content_types: z.array(UploadType),
});
export type UploadsInfo = z.infer<typeof UploadsInfo>;
