import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { AssetHashType, type BundlingOptions, DockerImage } from 'aws-cdk-lib';

export const projectRoot = join(import.meta.dirname, '../..');

/**
 * An asset that a script of this project makes, by this Node: `npm ci` is all that a synthesis needs. Its
 * hash is that of what comes out.
 *
 * @param command The script from the root of the project, with its arguments; it is told `--out <directory>`.
 */
export function locallyBundled(...command: readonly string[]) {
  const bundling: BundlingOptions = {
    // Never asked: where the local way fails, so does the synthesis.
    image: DockerImage.fromRegistry('scratch'),
    command: ['node', ...command],
    local: {
      tryBundle(directory) {
        execFileSync(process.execPath, [...command, '--out', directory], {
          cwd: projectRoot,
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        return true;
      },
    },
  };
  return { assetHashType: AssetHashType.OUTPUT, bundling };
}
