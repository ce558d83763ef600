import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { environments } from '../cdk/settings.ts';

const root = join(import.meta.dirname, '..');

const Permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const Step = z.object({ uses: z.string().optional(), run: z.string().optional() });
const Job = z.object({
  uses: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  if: z.string().optional(),
  needs: z.union([z.string(), z.array(z.string())]).optional(),
  environment: z.unknown().optional(),
  permissions: Permissions.optional(),
  'timeout-minutes': z.int().optional(),
  steps: z.array(Step).default([]),
});
const Workflow = z.object({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions: Permissions,
  concurrency: z.object({ 'cancel-in-progress': z.boolean() }).optional(),
  jobs: z.record(z.string(), Job),
});

const files = globSync('.github/workflows/*', { cwd: root }).toSorted();
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const workflows = Object.fromEntries(
  files.map((file) => [
    file.replace(/^.*\/|\.yml$/g, ''),
    // `on` is no boolean in YAML 1.2.
    { text: read(file), ...Workflow.parse(parse(read(file))) },
  ]),
);
const jobs = Object.entries(workflows).flatMap(([workflow, one]) =>
  Object.entries(one.jobs).map(([name, job]) => ({ name: `${workflow}: ${name}`, ...job })),
);
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));

function workflowOf(name: string) {
  const workflow = workflows[name];
  if (workflow === undefined) throw new Error(`There is no workflow: ${name}`);
  return workflow;
}

function jobOf(workflow: string, name: string) {
  const job = workflowOf(workflow).jobs[name];
  if (job === undefined) throw new Error(`There is no job: ${workflow}: ${name}`);
  return job;
}

describe('Every workflow', () => {
  it('is there', () => {
    expect(Object.keys(workflows)).toEqual([
      'check',
      'deploy-environment',
      'deploy',
      'infrastructure',
      'quality',
    ]);
  });

  it('may only read, and a job asks for more where it needs it', () => {
    for (const { permissions } of Object.values(workflows)) {
      expect(permissions).toEqual({ contents: 'read' });
    }
    expect(jobs.filter(({ permissions }) => permissions === undefined)).toEqual([]);
    const writing = jobs.flatMap(({ name, permissions = {} }) =>
      Object.entries(permissions)
        .filter(([, level]) => level === 'write')
        .map(([what]) => `${name}: ${what}`),
    );
    expect(writing).toEqual([
      'deploy-environment: deploy: id-token',
      'deploy: dev: id-token',
      'deploy: staging: id-token',
      'deploy: prod: id-token',
      'infrastructure: diff: id-token',
      'infrastructure: comment: pull-requests',
    ]);
  });

  it('ends some time', () => {
    // A job that calls another workflow has no time of its own.
    const endless = jobs.filter((job) => !job.uses && !((job['timeout-minutes'] ?? 999) <= 110));
    expect(endless.map(({ name }) => name)).toEqual([]);
  });

  it('has no key of AWS, and no secret at all', () => {
    for (const { text } of Object.values(workflows)) {
      expect(text).not.toMatch(/\bsecrets\./);
      expect(text).not.toMatch(/aws-(access-key|secret-access)|AKIA|arn:aws/i);
    }
  });

  it('runs foreign actions by the hash of their commit, with the version beside it', () => {
    const lines = Object.values(workflows).flatMap(({ text }) => text.match(/uses: .*/g) ?? []);
    const foreign = lines.filter((line) => !line.includes('uses: ./'));
    expect(foreign.length).toBeGreaterThan(10);
    const loose = foreign.filter((line) => !/^uses: [\w/-]+@[\da-f]{40} # v\d+/.test(line));
    expect(loose).toEqual([]);
  });

  it('runs only commands that there are', () => {
    const asked = jobs.flatMap(({ steps }) =>
      steps.flatMap(({ run = '' }) => [...run.matchAll(/npm run (?:-s )?([\w:-]+)/g)]),
    );
    const names = asked.map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(6);
    expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
    const paths = jobs.flatMap(({ steps }) =>
      steps.flatMap(({ run = '' }) => run.match(/\b(?:models|\.ci)\/[\w./-]+/g) ?? []),
    );
    expect(paths).toContain('models/demo/thresholds.json');
    for (const path of paths) expect(() => read(path)).not.toThrow();
  });

  it('puts nothing that a stranger wrote into a command', () => {
    // Titles, branches and inputs come as variables of the environment.
    const runs = jobs.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    expect(runs.filter((run) => run.includes('${{'))).toEqual([]);
    for (const { text } of Object.values(workflows)) {
      expect(text).not.toContain('pull_request_target');
      expect(text).not.toContain('workflow_run');
    }
  });

  it('leaves no token behind for what it runs', () => {
    for (const { text } of Object.values(workflows)) {
      const [checkouts, without] = [/actions\/checkout@/g, /persist-credentials: false/g].map(
        (pattern) => text.match(pattern)?.length ?? 0,
      );
      expect(without).toBe(checkouts);
    }
  });
});

describe('The check', () => {
  it('runs on every push and pull request, with the audit of what is shipped', () => {
    const { on } = workflowOf('check');
    expect(on).toMatchObject({ push: null, pull_request: null });
    expect(jobOf('check', 'check').steps).toContainEqual({ run: 'bash .ci/run' });
    const [audit] = jobOf('check', 'audit').steps.flatMap(({ run }) => run ?? []);
    expect(audit).toBe('npm audit --omit=dev --audit-level=high');
  });
});

describe('Pull requests', () => {
  it('are synthesised for every environment, by a job without credentials', () => {
    const { text } = workflowOf('infrastructure');
    expect(text).toContain(`environment: [${Object.keys(environments).join(', ')}]`);
    const { steps, permissions } = jobOf('infrastructure', 'synth');
    expect(permissions).toEqual({ contents: 'read' });
    expect(steps.filter(({ uses = '' }) => uses.includes('credentials'))).toEqual([]);
  });

  it('borrow a role only from branches of the repository itself', () => {
    expect(jobOf('infrastructure', 'diff').if).toContain(
      'github.event.pull_request.head.repo.full_name == github.repository',
    );
    // The job that may write runs nothing of the pull request.
    const { steps } = jobOf('infrastructure', 'comment');
    expect(steps.filter(({ uses = '' }) => uses.includes('checkout'))).toEqual([]);
    expect(steps.filter(({ run = '' }) => run.includes('npm'))).toEqual([]);
  });
});

describe('A deployment', () => {
  it('goes to prod only after the check, staging and the smoke test of staging', () => {
    expect(jobOf('deploy', 'staging').needs).toBe('check');
    expect(jobOf('deploy', 'prod').needs).toBe('staging');
    const called = ['dev', 'staging', 'prod'].map((name) => jobOf('deploy', name));
    for (const [place, name] of ['dev', 'staging', 'prod'].entries()) {
      expect(called[place]?.uses).toBe('./.github/workflows/deploy-environment.yml');
      expect(called[place]?.with).toEqual({ environment: name });
    }
    const commands = jobOf('deploy-environment', 'deploy').steps.map(({ run = '' }) => run);
    const deployed = commands.findIndex((run) => run.includes('npm run -s deploy'));
    const smoked = commands.findIndex((run) => run.includes('npm run -s smoke'));
    expect(deployed).toBeGreaterThan(-1);
    expect(smoked).toBeGreaterThan(deployed);
  });

  it('asks a GitHub environment, where people approve', () => {
    expect(jobOf('deploy-environment', 'deploy').environment).toMatchObject({
      name: '${{ inputs.environment }}',
    });
  });

  it('is never broken off by the next one', () => {
    expect(workflowOf('deploy').concurrency).toMatchObject({ 'cancel-in-progress': false });
  });
});
