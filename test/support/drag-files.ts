import type { Page } from 'playwright-core';

/**
 * Files of this machine, dragged in from outside the browser. Without `drop` they are held over the
 * middle of the page.
 */
export async function dragFiles(
  page: Page,
  files: readonly string[],
  { drop = true } = {},
): Promise<void> {
  const { width = 0, height = 0 } = page.viewportSize() ?? {};
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  const at = { x: width / 2, y: height / 2, data };
  await session.send('Input.dispatchDragEvent', { type: 'dragEnter', ...at });
  await session.send('Input.dispatchDragEvent', { type: 'dragOver', ...at });
  if (drop) await session.send('Input.dispatchDragEvent', { type: 'drop', ...at });
  await session.detach();
}
