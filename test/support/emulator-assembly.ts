import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Fields = Readonly<Record<string, Json>>;

export interface Resource {
  readonly Type: string;
  readonly Properties?: Fields;
  readonly DependsOn?: string | readonly string[];
}

interface Template {
  readonly Parameters?: Readonly<
    Record<string, { readonly Type: string; readonly Default?: Json }>
  >;
  readonly Resources: Readonly<Record<string, Resource>>;
}

interface Assets {
  readonly files: Readonly<Record<string, FileAsset>>;
  readonly dockerImages: object;
}

interface FileAsset {
  readonly displayName?: string;
  readonly source: { readonly path: string; readonly packaging: string };
  readonly destinations: Readonly<Record<string, Fields>>;
}

export interface EmulatedChanges {
  /** What of a resource the emulator does not have: its type, most often. */
  gapOf(resource: Resource): string | undefined;
  /** Variables of functions that name what runs beside the emulator, where the function has them. */
  readonly environment: Readonly<Record<string, string>>;
  /** A folder with the files of the function that is an image elsewhere: there is no Docker engine. */
  readonly imageFunction: string;
}

/**
 * What `cdk synth` wrote, with as little changed as an emulator without a Docker engine asks for. To be
 * deployed by `cdk deploy --app <directory>`.
 *
 * @returns How many resources of which type were left out.
 */
export async function prepareAssembly(
  directory: string,
  changes: EmulatedChanges,
): Promise<ReadonlyMap<string, number>> {
  const leftOut = new Map<string, number>();
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.template.json')) continue;
    const template = await readJson<Template>(join(directory, name));
    for (const resource of Object.values(template.Resources)) {
      const gap = changes.gapOf(resource);
      if (gap !== undefined) leftOut.set(gap, (leftOut.get(gap) ?? 0) + 1);
    }
    const image = `asset.${name.replace('.template.json', '')}-function`;
    const changed = changedTemplate(template, changes, image);
    await writeJson(join(directory, name), changed.template);
    if (changed.hasImage) {
      await cp(changes.imageFunction, join(directory, image), { recursive: true });
    }
    await changeAssets(
      join(directory, name.replace('.template.json', '.assets.json')),
      changed.hasImage ? image : undefined,
    );
  }
  return leftOut;
}

function changedTemplate(template: Template, changes: EmulatedChanges, image: string) {
  const kept = Object.entries(template.Resources).filter(
    ([, resource]) => changes.gapOf(resource) === undefined,
  );
  const ids = new Set(kept.map(([id]) => id));
  const gone = new Set(Object.keys(template.Resources).filter((id) => !ids.has(id)));
  let hasImage = false;
  const resources = kept.map(([id, resource]) => {
    const depends = [resource.DependsOn ?? []].flat().filter((other) => !gone.has(other));
    const changed = changedResource(resource, changes, image);
    hasImage ||= resource.Properties?.['PackageType'] === 'Image';
    return [id, { ...changed, DependsOn: depends }];
  });
  return {
    hasImage,
    template: withoutReferences(
      {
        ...template,
        Parameters: Object.fromEntries(
          Object.entries(template.Parameters ?? {}).map(([id, given]) => [
            id,
            changedParameter(given),
          ]),
        ),
        Resources: Object.fromEntries(resources),
      },
      gone,
    ),
  };
}

/** AWS publishes the newest image of a machine as a parameter. */
function changedParameter(given: { readonly Type: string; readonly Default?: Json }) {
  if (!String(given.Default).startsWith('/aws/service/ecs/')) return given;
  return { Type: 'String', Default: 'ami-00000000000000000' };
}

function changedResource(
  resource: Resource,
  { environment }: EmulatedChanges,
  image: string,
): Resource {
  if (resource.Type === 'AWS::CloudFront::Distribution') return withPublicOrigin(resource);
  if (resource.Type !== 'AWS::Lambda::Function') return resource;
  const { PackageType, ImageConfig: _, ...others } = resource.Properties ?? {};
  const { Environment, ...rest } = others;
  const variables = ((Environment as Fields | undefined)?.['Variables'] ?? {}) as Fields;
  const known = Object.entries(environment).filter(([name]) => name in variables);
  const told = { ...variables, ...Object.fromEntries(known) };
  const Properties = { ...rest, Environment: { Variables: told } };
  if (PackageType !== 'Image') return { ...resource, Properties };
  const code = { S3Bucket: { 'Fn::Sub': assetBucket }, S3Key: `${image}.zip` };
  return {
    ...resource,
    Properties: { ...Properties, Code: code, Handler: 'lambda.handler', Runtime: 'nodejs24.x' },
  };
}

/**
 * The load balancer is asked by its name where there are no private origins, and without the functions
 * at the viewer: theirs know no key-value store.
 */
function withPublicOrigin(distribution: Resource): Resource {
  return JSON.parse(JSON.stringify(distribution), (name, value: unknown) => {
    if (name === 'FunctionAssociations') return [];
    if (name !== 'Origins' || !Array.isArray(value)) return value;
    return value.map(({ VpcOriginConfig, ...origin }: Fields) =>
      VpcOriginConfig === undefined
        ? origin
        : { ...origin, CustomOriginConfig: { OriginProtocolPolicy: 'http-only' } },
    );
  }) as Resource;
}

const assetBucket = 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}';

/** What pointed to a resource that is left out points to nothing. */
function withoutReferences<Value>(value: Value, gone: ReadonlySet<string>): Value {
  return JSON.parse(JSON.stringify(value), (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    const { Ref: ref, 'Fn::GetAtt': attribute } = inner as Fields;
    if (typeof ref === 'string' && gone.has(ref)) return `left-out-${ref}`;
    if (Array.isArray(attribute) && gone.has(String(attribute[0]))) {
      return `left-out-${attribute.join('-')}`;
    }
    return inner;
  }) as Value;
}

async function changeAssets(file: string, image: string | undefined): Promise<void> {
  const assets = await readJson<Assets>(file);
  const [bucket] = Object.values(assets.files).flatMap((asset) =>
    Object.entries(asset.destinations),
  );
  const files =
    image === undefined || bucket === undefined
      ? assets.files
      : {
          ...assets.files,
          [image]: {
            source: { path: image, packaging: 'zip' },
            destinations: { [bucket[0]]: { ...bucket[1], objectKey: `${image}.zip` } },
          },
        };
  await writeJson(file, { ...assets, files, dockerImages: {} });
}

async function readJson<Value>(file: string): Promise<Value> {
  return JSON.parse(await readFile(file, 'utf8')) as Value;
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, JSON.stringify(value, null, 1));
}
