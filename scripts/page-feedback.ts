import type { Page } from 'playwright-core';

/** From what somebody does to what he sees of it, in milliseconds. */
export interface Feedback {
  readonly feedbackMs: number;
  /** What was changed first: for whoever reads the numbers. */
  readonly first: string;
}

/**
 * Runs in the page. A feedback is the first change that the page makes after the first event of a kind,
 * or a letter that appears in a box; it is seen when the frame after it has been painted, which is when
 * a task runs that was posted in that frame. The event counts from when the browser got it, so a busy
 * page is slow here too.
 */
const watcher = `(() => {
  let armed;
  const describe = ({ type, target, attributeName, addedNodes }) => {
    const name = target.nodeType === 1 ? target.localName + '.' + (target.getAttribute('class') ?? '') : '#text';
    const what = type === 'attributes' ? attributeName : addedNodes?.length > 0 ? '+' + addedNodes[0].nodeName : type;
    return name + ' ' + what;
  };
  const seen = (change) => {
    if (armed?.began === undefined) return;
    const { began, resolve } = armed;
    armed = undefined;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port2.onmessage = () => {
        resolve({ feedbackMs: performance.now() - began, first: describe(change) });
      };
      port1.postMessage(null);
    });
  };
  // The title of the tab is no part of the page.
  const isShown = ({ target }) => document.body?.contains(target) === true;
  const observer = new MutationObserver((mutations) => {
    const shown = mutations.find(isShown);
    if (shown) seen(shown);
  });
  const options = { subtree: true, childList: true, attributes: true, characterData: true };
  observer.observe(document, options);
  addEventListener('input', (event) => armed?.changesAlone || seen(event), { capture: true });
  // Before the page has listeners of its own: what one of them changes is seen before the next is called.
  const begin = ({ type, timeStamp }) => {
    if (armed?.kind === type) armed.began ??= timeStamp;
  };
  for (const kind of ['keydown', 'pointerdown', 'drop', 'wheel', 'popstate']) {
    addEventListener(kind, begin, { capture: true, passive: true });
  }
  window.armFeedback = (kind, changesAlone) => {
    window.feedback = new Promise((resolve) => {
      armed = { kind, resolve, changesAlone };
    });
  };
})()`;

/** Whatever answers later than this does not answer. */
const patienceMs = 30_000;

export async function watchFeedback(page: Page): Promise<void> {
  await page.addInitScript(watcher);
}

export interface FeedbackOf {
  /** The event that counts: `keydown`, `pointerdown`, `drop`, `wheel`, `popstate` … */
  readonly event: string;
  /** Only what the page itself changes is an answer. */
  readonly changesAlone?: boolean;
}

export async function measureFeedback(
  page: Page,
  { event, changesAlone = false }: FeedbackOf,
  act: () => Promise<unknown>,
): Promise<Feedback> {
  await page.evaluate(`armFeedback(${JSON.stringify(event)}, ${changesAlone})`);
  await act();
  return page.evaluate<Feedback>(`Promise.race([feedback, new Promise((_, reject) => {
    const late = 'Cannot measure as nothing changed for ${patienceMs} ms after: ${event}';
    setTimeout(() => reject(new Error(late)), ${patienceMs});
  })])`);
}

/** What this machine allows: the way of the shortest handler there is, and of no handler at all. */
export async function addBareHandler(page: Page): Promise<void> {
  await page.evaluate(`{
    const button = document.createElement('button');
    button.textContent = 'Bare';
    button.id = 'bare';
    button.addEventListener('click', () => button.toggleAttribute('data-pressed'));
    document.body.replaceChildren(button);
  }`);
}

/** From asking for a frame to the task after it. */
export function measureEmptyFrame(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    const began = performance.now();
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port2.onmessage = () => resolve(performance.now() - began);
      port1.postMessage(null);
    });
  })`);
}
