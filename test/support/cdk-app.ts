import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import type { Settings } from '../../cdk/settings.ts';
import { createStacks } from '../../cdk/stacks.ts';

const root = join(import.meta.dirname, '../..');

const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** One resource as it stands in a template. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
}

export interface TemplateText {
  readonly Resources?: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

/** The part of an environment that a stack is: `global`, `network`, `data` … */
export type StackName = keyof ReturnType<typeof createStacks>;

export interface TestStacks {
  readonly app: App;
  readonly stacks: ReturnType<typeof createStacks>;
  /** Synthesised once; what comes of code (hashes of assets, inline functions) is masked. */
  readonly templates: Readonly<Record<StackName, TemplateText>>;
}

/** An app with the feature flags of `cdk.json`, which runs no bundler and copies no asset. */
export function createTestApp(outdir?: string): App {
  const { context } = CdkJson.parse(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')));
  return new App({
    ...(outdir === undefined ? {} : { outdir }),
    context: {
      ...context,
      'aws:cdk:bundling-stacks': [],
      'aws:cdk:disable-asset-staging': true,
    },
  });
}

/** Every stack of an environment as `npm run synth` makes them, without account. */
export function createTestStacks(settings: Settings): TestStacks {
  const outdir = mkdtempSync(join(tmpdir(), 'picture-search-cdk-'));
  try {
    const app = createTestApp(outdir);
    const stacks = createStacks(app, settings);
    const assembly = app.synth();
    const names = Object.keys(stacks) as StackName[];
    const templates = Object.fromEntries(
      names.map((name) => {
        const { artifactId }: Stack = stacks[name];
        const template: unknown = assembly.getStackArtifact(artifactId).template;
        return [name, maskCode(template) as TemplateText];
      }),
    ) as Record<StackName, TemplateText>;
    return { app, stacks, templates };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** A version of a function has the hash of its code in its name. */
const versionPattern = /(CurrentVersion[\dA-F]{8})[\da-f]{32}/g;
const hashPattern = /\b[\da-f]{64}\b/g;

function maskCode(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(versionPattern, '$1<hash>').replaceAll(hashPattern, '<hash>');
  }
  if (Array.isArray(value)) return value.map(maskCode);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isCode = (key === 'FunctionCode' || key === 'ZipFile') && typeof inner === 'string';
      return [String(maskCode(key)), isCode ? '<code>' : maskCode(inner)];
    }),
  );
}
