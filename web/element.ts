type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Children that are strings become text nodes, never markup: file names are hostile. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children);
  return made;
}

const svg = 'http://www.w3.org/2000/svg';

type IconName = 'search' | 'close' | 'back' | 'open' | 'broken' | 'picture' | 'fold';

/** One of the symbols in index.html; always beside a text or inside something with a name. */
export function icon(name: IconName): SVGSVGElement {
  const made = document.createElementNS(svg, 'svg');
  const use = document.createElementNS(svg, 'use');
  made.setAttribute('class', 'icon');
  made.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `#icon-${name}`);
  made.append(use);
  return made;
}

/** An element that index.html is known to have. */
export function find<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`Cannot start as the page lacks an element: ${id}`);
  return found;
}
