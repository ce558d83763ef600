import * as z from 'zod';

/** What a system is asked, and how. */
export interface SmokeWorld {
  /** Ends with a slash. */
  readonly base: URL;
  readonly apiKey: string | undefined;
  /** An origin whose pages must be able to call. */
  readonly corsOrigin: string | undefined;
  readonly timeoutMs: number;
}

export interface Outcome {
  readonly state: 'ok' | 'failed' | 'skipped';
  /** Why it failed or was skipped; else what is worth knowing. */
  readonly says: string;
}

export interface SmokeCheck {
  readonly name: string;
  readonly look: (world: SmokeWorld) => Promise<Outcome>;
}

export const passed = (says = ''): Outcome => ({ state: 'ok', says });
export const failed = (says: string): Outcome => ({ state: 'failed', says });
export const skipped = (says: string): Outcome => ({ state: 'skipped', says });

export interface Asked extends RequestInit {
  /** `none` sends no key, any other text is the key; left out: the one of the world. */
  readonly key?: string;
}

/** Asks once, within the time for one answer and its body; follows nothing. */
export function ask(
  { base, apiKey, timeoutMs }: SmokeWorld,
  path: string | URL,
  { key = apiKey ?? 'none', ...init }: Asked = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (key !== 'none') headers.set('authorization', `Bearer ${key}`);
  const signal = AbortSignal.timeout(timeoutMs);
  return fetch(new URL(path, base), { redirect: 'manual', ...init, headers, signal });
}

export function post(body: unknown): Asked {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
}

/** What an answer must be; undefined where it is. */
export async function whyNot(
  answer: Response,
  status: number,
  schema?: z.ZodType,
): Promise<string | undefined> {
  if (answer.status !== status)
    return `${answer.status} in place of ${status}${await tell(answer)}`;
  if (schema === undefined) return undefined;
  const text = await answer.text();
  const parsed = schema.safeParse(jsonOf(text));
  if (parsed.success) return undefined;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  return `the body is not as promised: ${where === '' ? 'it' : where} ${issue?.message ?? ''}`;
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a refusal says of itself, short. */
async function tell(answer: Response): Promise<string> {
  const text = await answer.text();
  const problem = z.object({ detail: z.string() }).safeParse(jsonOf(text));
  const said = problem.success ? problem.data.detail : text.trim().split('\n', 1)[0];
  return said === undefined || said === '' ? '' : ` (${said.slice(0, 120)})`;
}

/** Whether CloudFront has answered. */
export function isCloudFront({ headers }: Response): boolean {
  const said = `${headers.get('via') ?? ''} ${headers.get('x-cache') ?? ''}`;
  return headers.has('x-amz-cf-id') || /cloudfront/i.test(said);
}
