export interface CurvePoint {
  readonly recall: number;
  readonly p95_ms: number;
  /** Beside the point. */
  readonly label: string;
}

export interface CurveLine {
  readonly name: string;
  readonly points: readonly CurvePoint[];
}

export interface Curve {
  readonly title: string;
  /** Such as `Recall@10`. */
  readonly recallName: string;
  readonly target: number;
  /** At most six. */
  readonly lines: readonly CurveLine[];
  readonly chosen?: CurvePoint | undefined;
}

const width = 840;
const height = 520;
const frame = { left: 76, right: 812, top: 84, bottom: 448 };

/** Colours that can be told apart on white and on black, and by those who see few of them. */
const colours = ['#3b8fd6', '#e08a1e', '#1fa37a', '#b06bd1', '#a89a2c', '#8a8a8a'];
const grey = '#8a8a8a';
const red = '#d9534f';

/** The ticks that a miss of one in ten, in fifty … deserves: near 1 is where it matters. */
const recallTicks = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999];
const timeTicks = [1, 2, 5].flatMap((digit) =>
  [0.01, 0.1, 1, 10, 100, 1000].map((ten) => digit * ten),
);

/**
 * Recall against time as an SVG picture: time on a log axis, recall by the share that is missed. No
 * background, and colours for light and dark ones.
 */
export function drawCurve(curve: Curve): string {
  const all = [
    ...curve.lines.flatMap(({ points }) => points),
    ...(curve.chosen ? [curve.chosen] : []),
  ];
  const axes = createAxes(all, curve.target);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13" fill="${grey}">`,
    `<title>${escape(curve.title)}</title>`,
    text(frame.left, 30, escape(curve.title), 'font-size="17" font-weight="600"'),
    ...legend(curve.lines),
    ...drawAxes(axes, curve),
    drawTarget(axes, curve.target),
    ...curve.lines.map((line, place) => drawLine(axes, line, colours[place] ?? grey)),
    ...(curve.chosen ? [drawChosen(axes, curve.chosen)] : []),
    '</svg>\n',
  ].join('\n');
}

interface Axes {
  x(milliseconds: number): number;
  y(recall: number): number;
  readonly times: readonly number[];
  readonly recalls: readonly number[];
}

function createAxes(points: readonly CurvePoint[], target: number): Axes {
  const shown = points.map(({ p95_ms: ms }) => Math.max(ms, 0.01));
  const low = Math.log(Math.min(...shown) / 1.15);
  const high = Math.log(Math.max(...shown) * 1.35);
  const lowest = Math.min(target, ...points.map(({ recall }) => recall));
  const floor = recallTicks.findLast((tick) => tick <= lowest) ?? 0;
  const least = missOf(floor);
  const most = missOf(1);
  return {
    x: (ms) =>
      between(frame.left, frame.right, (Math.log(Math.max(ms, 0.01)) - low) / (high - low)),
    y: (recall) => between(frame.bottom, frame.top, (missOf(recall) - least) / (most - least)),
    times: timeTicks.filter((tick) => Math.log(tick) >= low && Math.log(tick) <= high),
    recalls: [...recallTicks.filter((tick) => tick >= floor), 1],
  };
}

/** How many nines: 1 has as many as a bit more than 0.999. */
function missOf(recall: number): number {
  return -Math.log10(Math.max(1 - recall, 0.0005));
}

function between(from: number, to: number, share: number): number {
  return Math.round((from + (to - from) * share) * 10) / 10;
}

function drawAxes({ x, y, times, recalls }: Axes, { recallName }: Curve): string[] {
  const { left, right, top, bottom } = frame;
  const grid = `stroke="${grey}" stroke-opacity="0.3"`;
  const middle = (top + bottom) / 2;
  return [
    ...times.map((ms) => `<path d="M${x(ms)} ${top}V${bottom}" ${grid}/>`),
    ...times.map((ms) =>
      text(x(ms), bottom + 20, String(Number(ms.toFixed(2))), 'text-anchor="middle"'),
    ),
    ...recalls.map((recall) => `<path d="M${left} ${y(recall)}H${right}" ${grid}/>`),
    ...recalls.map((recall) => text(left - 8, y(recall) + 4, String(recall), 'text-anchor="end"')),
    text(
      (left + right) / 2,
      bottom + 46,
      'P95 of a query, milliseconds (log)',
      'text-anchor="middle"',
    ),
    `<text transform="translate(20 ${middle}) rotate(-90)" text-anchor="middle">${escape(recallName)} (log of what is missed)</text>`,
  ];
}

function legend(lines: readonly CurveLine[]): string[] {
  let start = frame.left;
  return lines.flatMap(({ name }, place) => {
    const from = start;
    start += 44 + name.length * 7;
    const colour = colours[place] ?? grey;
    return [
      `<path d="M${from} 56h18" stroke="${colour}" stroke-width="2.5"/>`,
      text(from + 24, 60, escape(name)),
    ];
  });
}

function drawTarget({ y }: Axes, target: number): string {
  const height0 = y(target);
  return [
    `<path d="M${frame.left} ${height0}H${frame.right}" stroke="${grey}" stroke-dasharray="6 5" stroke-width="1.5"/>`,
    text(frame.right - 4, height0 + 16, `target ${target}`, 'text-anchor="end" font-weight="600"'),
  ].join('\n');
}

function drawLine({ x, y }: Axes, { points }: CurveLine, colour: string): string {
  const places = points.map(({ p95_ms: ms, recall, label }) => ({ at: [x(ms), y(recall)], label }));
  const dots = places.map(({ at: [cx = 0, cy = 0], label }) => {
    const note = label === '' ? '' : text(cx + 6, cy + 14, escape(label), 'font-size="11"');
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>${note}`;
  });
  const path = places.map(({ at }) => at.join(' ')).join('L');
  return `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>\n${dots.join('\n')}`;
}

/** Its name is up to the left, where no line goes: all of them rise to the right. */
function drawChosen({ x, y }: Axes, { p95_ms: ms, recall, label }: CurvePoint): string {
  const [cx, cy] = [x(ms), y(recall)];
  const room = cx - frame.left > label.length * 8;
  const [at, anchor] = room ? [cx - 12, 'end'] : [cx + 12, 'start'];
  return [
    `<circle cx="${cx}" cy="${cy}" r="8" fill="none" stroke="${red}" stroke-width="2.5"/>`,
    text(at, cy - 12, escape(label), `font-weight="600" fill="${red}" text-anchor="${anchor}"`),
  ].join('\n');
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${x}" y="${y}" ${more}>${content}</text>`;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
