import type { Finding } from './deploy-finding.ts';

const marks = { ok: 'ok     ', missing: 'missing', unknown: 'unknown' } as const;

/** A line for each thing that was looked at, and what to do below what is not as it must be. */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, state, says, todo }) => {
    const line = `${marks[state]}  ${what.padEnd(width)}  ${says}`;
    return todo === undefined ? [line] : [line, `${' '.repeat(width + 11)}→ ${todo}`];
  });
  return `${lines.join('\n')}\n`;
}

/** One sentence about all of them. */
export function summarise(findings: readonly Finding[]): string {
  const count = (state: Finding['state']) =>
    findings.filter((finding) => finding.state === state).length;
  const [missing, unknown] = [count('missing'), count('unknown')];
  const open = unknown === 0 ? '' : `, ${unknown} could not be found out`;
  if (missing === 0) return `Nothing is missing${open}.`;
  return `Cannot deploy as ${missing} of ${findings.length} ${missing === 1 ? 'is' : 'are'} missing${open}.`;
}
