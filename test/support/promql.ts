/** One `metric{label="value"}` of a PromQL expression. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly {
    readonly label: string;
    readonly op: string;
    readonly value: string;
  }[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels that results are grouped by. */
  readonly groups: readonly string[];
}

const words = new Set(['by', 'without', 'and', 'or', 'unless', 'on', 'ignoring', 'bool', 'offset']);
const grouping = /\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g;
const matcher = /([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

/** What an expression names. It reads, but does not check, PromQL: what promtool does. */
export function readPromql(expression: string): Expression {
  const groups = [...expression.matchAll(grouping)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  const rest = expression.replaceAll(grouping, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  const selectors: Selector[] = [];
  // A name before a parenthesis is a function's; what stands in quotes is no name.
  const pattern = /([a-zA-Z_:][\w:]*)\s*(\(|\{((?:[^}"]|"(?:[^"\\]|\\.)*")*)\})?/g;
  for (const [, name = '', behind, inside = ''] of rest.matchAll(pattern)) {
    if (behind === '(' || words.has(name)) continue;
    const matchers = [...inside.matchAll(matcher)].map(([, label = '', op = '', value = '']) => ({
      label,
      op,
      value,
    }));
    selectors.push({ metric: name, matchers });
  }
  return { selectors, groups };
}
