import { describe, expect, it } from 'vitest';
import { type Curve, drawCurve } from './curve-svg.ts';

const points = [16, 64, 256, 1024].map((ef, place) => ({
  recall: [0.7, 0.93, 0.985, 1][place] ?? 0,
  p95_ms: ef / 100,
  label: String(ef),
}));
const curve: Curve = {
  title: 'images <5>: what it finds',
  recallName: 'Recall@10',
  target: 0.98,
  lines: [{ name: 'texts & more', points }],
  chosen: { ...(points[2] ?? { recall: 0, p95_ms: 1 }), label: 'ef 256' },
};

/** Where a text stands. */
function placeOf(svg: string, content: string): number[] {
  const [, x, y] =
    new RegExp(`<text x="([\\d.]+)" y="([\\d.]+)"[^>]*>${content}</text>`).exec(svg) ?? [];
  return [Number(x), Number(y)];
}

describe('The plot of a curve', () => {
  const svg = drawCurve(curve);

  it('says what is shown, in which units, and which was chosen', () => {
    for (const said of ['Recall@10', 'milliseconds', 'target 0.98', 'ef 256', 'texts &amp; more']) {
      expect(svg).toContain(said);
    }
    expect(svg).toContain('images &lt;5&gt;: what it finds');
    expect(svg).not.toContain('NaN');
  });

  it('goes up with recall and right with time, equal steps for equal factors', () => {
    const [first, second, third] = ['16', '64', '256'].map((label) => placeOf(svg, label));
    const step = (second?.[0] ?? 0) - (first?.[0] ?? 0);
    expect(step).toBeGreaterThan(50);
    expect((third?.[0] ?? 0) - (second?.[0] ?? 0)).toBeCloseTo(step, 0);
    expect(third?.[1]).toBeLessThan(second?.[1] ?? 0);
  });

  it('draws a single point, and times below its axis', () => {
    const one = { recall: 1, p95_ms: 0, label: '' };
    const lonely = drawCurve({ ...curve, lines: [{ name: 'texts', points: [one] }], chosen: one });
    expect(lonely).not.toMatch(/NaN|Infinity/);
  });
});
