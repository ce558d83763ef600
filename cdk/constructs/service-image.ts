import { join } from 'node:path';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct } from 'constructs';
import type { Settings } from '../settings.ts';

const root = join(import.meta.dirname, '../..');

/** What `.dockerignore` lets in for other images: a change there is no release of this one. */
const notCopied = ['edge', 'functions', 'test'];

/**
 * The image of gpu-service with its model built in, for linux/amd64. It goes to the repository that
 * `cdk bootstrap` made, where every image is scanned as it arrives.
 */
export function createServiceImage(scope: Construct, settings: Settings): DockerImageAsset {
  const { model, service } = settings;
  const isDemo = model.id === 'demo';
  return new DockerImageAsset(scope, 'Image', {
    directory: root,
    file: 'gpu-service/Dockerfile',
    platform: Platform.LINUX_AMD64,
    buildArgs: {
      DEVICE: service.kind === 'gpu' ? 'cuda' : 'cpu',
      MODEL: model.id,
      ...(isDemo || model.precision === 'fp32' ? {} : { PRECISION: model.precision }),
    },
    exclude: [
      // The model that is asked for is pulled, by hash, in the build.
      ...(isDemo ? [] : ['models/demo/*.onnx']),
      ...notCopied,
      '!gpu-service/Dockerfile',
    ],
  });
}
