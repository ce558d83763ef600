import { Health } from './health.ts';
import { parseJson } from './read-body.ts';
import type { Exchanges } from './remote-exchange.ts';

/**
 * What `/health` of a service says, healthy or not; `undefined` when nobody answers in time. It asks
 * whatever became of other requests, and once more where an old connection was lost.
 */
export async function askHealth(
  exchanges: Exchanges,
  options: {
    readonly headers: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
  },
): Promise<Health | undefined> {
  const { headers, timeoutMs } = options;
  const endsAtMs = performance.now() + timeoutMs;
  for (;;) {
    const { ended, cancel } = exchanges.start({ method: 'GET', path: '/health', headers });
    const late = setTimeout(cancel, endsAtMs - performance.now());
    const end = await ended;
    clearTimeout(late);
    if (end.kind === 'answered') {
      const body = parseJson(end.text);
      return body.ok ? Health.safeParse(body.value).data : undefined;
    }
    const again = end.kind === 'lost' && end.reused && performance.now() < endsAtMs - 1;
    if (!again) return undefined;
    exchanges.forgetIdle();
  }
}
